/**
 * Answers what there is of a SKU or a bundle, and, if it is asked, from when on how much may be promised.
 *
 * Guarantee: what there is now comes from the one who decides about the SKU; of a bundle, each component from its own, a moment
 * apart. What purchases bring is read from the ledger, and only where it is asked for. It changes nothing.
 */
import { availableBy, promiseOf } from "@holdfast/domain/AvailableToPromise"
import type { Component } from "@holdfast/domain/Bundle"
import type { LocationId, Sku } from "@holdfast/domain/Identity"
import { partitionOf } from "@holdfast/domain/Partition"
import type { AvailabilityAnswer, AvailabilityRequest, NoAnswer } from "@holdfast/domain/Reservation"
import { Bundles } from "@holdfast/ledger/Bundles"
import { Database } from "@holdfast/ledger/Database"
import { expectedUnits, type ExpectedOfSku } from "@holdfast/ledger/OpenPurchases"
import { Context, Effect, Layer } from "effect"
import { availabilityOfBundle, type ComponentAnswer } from "./BundleRequest.ts"
import { busy, noAnswer } from "./NoAnswers.ts"
import { StockOwnership } from "./StockOwnership.ts"

type Reply = (answer: string) => void

const unread = noAnswer({ status: "unknown", message: "what purchases bring cannot be read; ask again" })

const isAvailable = (answer: { readonly status: string }): answer is AvailabilityAnswer => answer.status === "available"

/** The same answer once these have arrived. */
const withArrived = (answer: AvailabilityAnswer, arrived: ReadonlyArray<ExpectedOfSku>): AvailabilityAnswer => {
  const units = new Map<LocationId, number>()
  for (const { locationId, units: some } of arrived) units.set(locationId, (units.get(locationId) ?? 0) + some)
  const known = answer.locations.map((level) => {
    const more = units.get(level.locationId) ?? 0
    units.delete(level.locationId)
    return { ...level, onHand: level.onHand + more, available: level.available + more }
  })
  const fresh = [...units].map(([locationId, onHand]) => ({
    locationId,
    onHand,
    committed: 0,
    held: 0,
    available: onHand
  }))
  const total = arrived.reduce((sum, { units: some }) => sum + some, 0)
  return { ...answer, available: answer.available + total, locations: [...known, ...fresh] }
}

const make = Effect.gen(function* () {
  const ownership = yield* StockOwnership
  const { book } = yield* Bundles
  const { sql } = yield* Database

  const readOne = (sku: string): Promise<string> =>
    new Promise((reply) => {
      if (ownership.get(partitionOf(sku))?.offer({ kind: "read", sku, reply }) !== true) reply(busy)
    })

  /** @param answers by component @param arrived of all components */
  const ofBundle = (
    bundle: Sku,
    made: ReadonlyArray<Component>,
    answers: ReadonlyArray<ComponentAnswer>,
    arrived: ReadonlyArray<ExpectedOfSku>
  ): AvailabilityAnswer =>
    availabilityOfBundle(
      bundle,
      book.serialOf(bundle),
      made,
      answers.map(
        (answer) =>
          answer &&
          withArrived(
            answer,
            arrived.filter(({ sku }) => sku === answer.sku)
          )
      )
    )

  /** What there is, and what there would be once something has arrived; or the answer of a SKU that has none. */
  const readStock = async (sku: Sku) => {
    if (!book.isBundle(sku)) {
      const text = await readOne(sku)
      const answer = JSON.parse(text) as AvailabilityAnswer | NoAnswer
      return isAvailable(answer)
        ? { skus: [sku], with: (arrived: ReadonlyArray<ExpectedOfSku>) => withArrived(answer, arrived) }
        : text
    }
    const made = book.componentsOf(sku)
    const answers = await Promise.all(made.map((part) => readOne(part.sku)))
    if (answers.includes(busy)) return busy
    const known = answers.map((text): ComponentAnswer => {
      const answer = JSON.parse(text) as AvailabilityAnswer | NoAnswer
      return isAvailable(answer) ? answer : undefined
    })
    const of = (arrived: ReadonlyArray<ExpectedOfSku>) => ofBundle(sku, made, known, arrived)
    return { skus: made.map((part) => part.sku), with: of }
  }

  const answer = async ({ sku, by, promise = false }: AvailabilityRequest): Promise<string> => {
    const stock = await readStock(sku)
    if (typeof stock === "string") return stock
    const now = stock.with([])
    if (by === undefined && !promise) return JSON.stringify(now)
    const expected = await expectedUnits(sql, stock.skus)
    const steps = promiseOf(Date.now(), expected, (arrived) => stock.with(arrived).available)
    return JSON.stringify({
      ...now,
      ...(by === undefined ? {} : { availableBy: availableBy(steps, by) }),
      ...(promise ? { promise: steps } : {})
    } satisfies AvailabilityAnswer)
  }

  return {
    /** @param reply is called once with the answer as JSON */
    ask: (request: AvailabilityRequest, reply: Reply): void => {
      // the usual question needs neither a promise nor the text taken apart
      if (request.by === undefined && request.promise !== true && !book.isBundle(request.sku))
        return void readOne(request.sku).then(reply)
      void answer(request).then(reply, () => reply(unread))
    }
  }
})

export class AvailabilityDesk extends Context.Service<AvailabilityDesk, Effect.Success<typeof make>>()(
  "@holdfast/engine/AvailabilityDesk"
) {
  /** Fails when bundles cannot be read at first. */
  static readonly layer = Layer.effect(AvailabilityDesk, make)
}
