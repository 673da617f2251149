/**
 * Full physical inventories are applied by themselves once all their parts are there: as cycle counts through the front door.
 *
 * Their parts wait in the table of parked messages, as `physical_count`, where they can be seen. Guarantee: every SKU of the location is
 * counted, with what the parts say or with nothing, and parts are marked as replayed only after the broker has stored all counts. It may
 * be interrupted anywhere and begin again: the same count a second time changes nothing. While NATS or PostgreSQL is away the parts
 * wait. It decides nothing: see `PhysicalCount`.
 */
import { BusError } from "@holdfast/bus/BusError"
import { decodeEventMessage } from "@holdfast/bus/EventMessage"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventSubject, header } from "@holdfast/bus/Subject"
import type { LocationId, Sku } from "@holdfast/domain/Identity"
import { countsOf, inventoryKey, missingParts, type CountPart } from "@holdfast/domain/PhysicalCount"
import type { CycleCounted } from "@holdfast/domain/StockEvent"
import { Database, query } from "@holdfast/ledger/Database"
import { markReplayed } from "@holdfast/ledger/Parked"
import { physicalCount, waitingAll, waitingOf, type WaitingMessage } from "@holdfast/ledger/ParkedWaiting"
import { skusAt } from "@holdfast/ledger/SkusAt"
import { headers } from "@nats-io/nats-core"
import { Effect, Layer, Result, Schedule } from "effect"
import { createHash } from "node:crypto"

/** Milliseconds between two looks: an inventory takes hours, and whoever closed it wants to see it applied. */
const lookMillis = 1_000

/** Parts that are read at a time: each may have 256 KiB. */
const pageParts = 50

interface WaitingPart extends CountPart {
  readonly parkedId: number
}

const partOf = ({ id, headers, payload, subject, storedAt }: WaitingMessage): WaitingPart | undefined => {
  const decoded = decodeEventMessage({ headers: Object.entries(headers), payload, subject }, storedAt)
  if (Result.isFailure(decoded)) return undefined
  const { event } = decoded.success
  return event.type === "count.physical" ? { parkedId: id, source: event.source, data: event.data } : undefined
}

const readParts = Effect.fnUntraced(function* (ids: ReadonlyArray<number>) {
  const { sql } = yield* Database
  const parts: Array<WaitingPart> = []
  for (let from = 0; from < ids.length; from += pageParts) {
    const page = yield* query(() => waitingOf(sql, physicalCount, ids.slice(from, from + pageParts)))
    for (const message of page) {
      const part = partOf(message)
      if (part !== undefined) parts.push(part)
    }
  }
  return parts
})

/** The same count has the same id, so that the broker and the ledger know it when it comes twice. */
const idOf = ({ countId, countedAt, lines }: CycleCounted): string => {
  const said = createHash("sha256")
    .update(JSON.stringify([countedAt, lines]))
    .digest("hex")
    .slice(0, 16)
  return `${(countId ?? "").slice(0, 100)}/${said}`
}

const publish = Effect.fnUntraced(function* (source: string, count: CycleCounted) {
  const { jetstream } = yield* NatsConnection
  const type = "count.cycle"
  const id = idOf(count)
  const countedAt = new Date(count.countedAt).toISOString()
  const all = headers()
  all.set(header.messageId, `${source}/${id}`)
  const event = { specversion: "1.0", id, source, type, time: countedAt, data: { ...count, countedAt } }
  yield* Effect.tryPromise({
    try: () => jetstream.publish(eventSubject(type), JSON.stringify(event), { headers: all }),
    catch: (cause) => new BusError({ reason: "publish_failed", detail: type, cause })
  })
})

const apply = Effect.fnUntraced(function* (parts: ReadonlyArray<WaitingPart>) {
  const { sql } = yield* Database
  const { source, data } = parts[0]!
  const kept = yield* query(() => skusAt(sql, data.locationId as LocationId))
  const counts = countsOf(
    parts.map((part) => part.data),
    kept as ReadonlyArray<Sku>
  )
  for (const count of counts) yield* publish(source, count)
  const ids = parts.map(({ parkedId }) => parkedId)
  yield* query(() => markReplayed(sql, ids))
  const lines = counts.reduce((sum, count) => sum + count.lines.length, 0)
  yield* Effect.logInfo(`inventory ${data.countId} of ${data.locationId} is closed: ${lines} SKUs are counted`)
})

/** Looks once. @param seen ids that waited at the last look: nothing is closed while nothing came */
const look = Effect.fnUntraced(function* (seen: { ids: string }) {
  const { sql } = yield* Database
  const ids = yield* query(() => waitingAll(sql, physicalCount))
  const now = ids.join()
  if (now === seen.ids) return
  const parts = yield* readParts(ids)
  seen.ids = now
  for (const [, inventory] of Map.groupBy(parts, inventoryKey))
    if (missingParts(inventory.map(({ data }) => data))?.length === 0) {
      yield* apply(inventory)
      seen.ids = ""
    }
})

/** Runs for as long as the layer lives. Needs `Database` and `NatsConnection`. */
export const layer = Layer.effectDiscard(
  Effect.suspend(() => {
    const seen = { ids: "" }
    return look(seen).pipe(
      Effect.catch((error) => Effect.logWarning("physical inventories wait", error.message)),
      Effect.repeat(Schedule.spaced(lookMillis)),
      Effect.forkScoped
    )
  })
)
