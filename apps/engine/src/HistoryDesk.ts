/**
 * Answers what happened to a SKU, from the ledger.
 *
 * Guarantee: levels and rows are of one moment. At most `historiesMax` questions read at a time, so that commits always find a
 * connection; another one hears `busy`. It changes nothing.
 */
import { announcedLevel, availableAt } from "@holdfast/domain/Availability"
import { historyRowsDefault } from "@holdfast/domain/Limit"
import type { ReservationAnswer } from "@holdfast/domain/Reservation"
import type { HistoryAnswer, HistoryRequest } from "@holdfast/domain/StockHistory"
import { Database } from "@holdfast/ledger/Database"
import { levelsAndHistory } from "@holdfast/ledger/SkuReport"
import { Context, Effect, Layer } from "effect"
import { historiesMax } from "./EngineLimit.ts"
import { busy, noAnswer } from "./NoAnswers.ts"

type Reply = (answer: string) => void

const unread = noAnswer({ status: "unknown", message: "the ledger cannot be read; ask again" })

const make = Effect.gen(function* () {
  const { sql } = yield* Database
  let reading = 0

  const answer = async ({
    sku,
    newest = historyRowsDefault,
    committedSince,
    orderId
  }: HistoryRequest): Promise<string> => {
    const read = await levelsAndHistory(sql, sku, { limit: newest, since: committedSince, orderId })
    if (read === undefined)
      return JSON.stringify({ status: "denied", reason: "unknown_sku", sku } satisfies ReservationAnswer)
    const locations = read.levels.map(announcedLevel).map((level) => ({ ...level, available: availableAt(level) }))
    return JSON.stringify({
      status: "history",
      sku,
      version: read.version,
      available: locations.reduce((sum, { available }) => sum + available, 0),
      locations,
      matching: read.matching,
      rows: read.rows
    } satisfies HistoryAnswer)
  }

  return {
    /** @param reply is called once with the answer as JSON */
    ask: (request: HistoryRequest, reply: Reply): void => {
      if (reading >= historiesMax) return reply(busy)
      reading += 1
      void answer(request)
        .catch(() => unread)
        .then((text) => {
          reading -= 1
          reply(text)
        })
    }
  }
})

export class HistoryDesk extends Context.Service<HistoryDesk, Effect.Success<typeof make>>()(
  "@holdfast/engine/HistoryDesk"
) {
  static readonly layer = Layer.effect(HistoryDesk, make)
}
