/**
 * Makes bundles what somebody says: events, at the front door like anybody's.
 *
 * Guarantee: only what differs is published. An event's id is made of what it says and what it replaces: the same twice before the
 * first was heard of is one event. It returns when the broker has stored the events; they count within a second.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import type { BundleChange } from "@holdfast/domain/BundlePlan"
import { EventId, type EventSource } from "@holdfast/domain/Identity"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { Effect } from "effect"
import { hash } from "node:crypto"
import { eventLinesMax } from "../catalogue/CatalogueLimit.ts"
import { publishEvents } from "../retail/EventPublisher.ts"

const weightOf = ({ components }: BundleChange): number => 1 + components.length

/** Pieces of at most so many lines and components as an event may have. */
const pieces = (changes: ReadonlyArray<BundleChange>): ReadonlyArray<ReadonlyArray<BundleChange>> => {
  const all: Array<Array<BundleChange>> = []
  let room = 0
  for (const change of changes) {
    if (room < weightOf(change)) {
      all.push([])
      room = eventLinesMax
    }
    all.at(-1)!.push(change)
    room -= weightOf(change)
  }
  return all
}

const eventOf = (changes: ReadonlyArray<BundleChange>, source: EventSource): StockEvent => {
  const said = JSON.stringify(changes.map(({ bundle, components, before }) => [bundle, components, before]))
  return {
    type: "bundle.defined",
    source,
    id: EventId.make(`bundles:${hash("sha256", said, "base64url")}`),
    time: Math.max(...changes.map(({ at }) => at)),
    data: { lines: changes.map(({ bundle, components }) => ({ sku: bundle, components })) }
  }
}

/** The events of these changes. */
export const bundleEvents = (changes: ReadonlyArray<BundleChange>, source: EventSource): ReadonlyArray<StockEvent> =>
  pieces(changes).map((piece) => eventOf(piece, source))

export const applyBundles = Effect.fn("BundleApply.apply")(function* (
  changes: ReadonlyArray<BundleChange>,
  source: EventSource
) {
  const { manager } = yield* NatsConnection
  yield* ensureStreams(manager)
  return yield* publishEvents(bundleEvents(changes, source))
})
