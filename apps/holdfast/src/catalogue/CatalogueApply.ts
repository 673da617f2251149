/**
 * Makes what a catalogue says true: events for safety stocks, rows for names.
 *
 * Guarantee: only what differs from what is stored is published, at the front door like anybody's events. An event's id is made
 * of what it says and what it replaces: the same catalogue applied twice before the first was heard of is one event, and setting
 * back an earlier value is another one. It returns when the broker has stored the events, not when the engine has applied them.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import {
  effectiveTime,
  planOf,
  type CatalogueChange,
  type CatalogueLine,
  type CataloguePlan
} from "@holdfast/domain/Catalogue"
import { EventId, EventSource } from "@holdfast/domain/Identity"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { knownOf, saveNames } from "@holdfast/ledger/Catalogue"
import { Database, query } from "@holdfast/ledger/Database"
import { Clock, Effect } from "effect"
import { hash } from "node:crypto"
import { publishEvents, type PublishTotals } from "../retail/EventPublisher.ts"
import { eventLinesMax } from "./CatalogueLimit.ts"

/** The source of events from a catalogue, its terms and its bundles, unless somebody says another one. */
export const catalogueSource = EventSource.make("catalogue")

type StockChange = CatalogueChange & { readonly stock: NonNullable<CatalogueChange["stock"]> }

const hasStock = (change: CatalogueChange): change is StockChange => change.stock !== undefined

const idOf = (changes: ReadonlyArray<StockChange>): EventId => {
  const said = changes.map(({ sku, locationId, stock }) => [
    sku,
    locationId,
    stock.safetyStock,
    stock.before === undefined ? null : [stock.before.safetyStock, stock.before.safetyStockAt ?? null]
  ])
  return EventId.make(`catalogue:${hash("sha256", JSON.stringify(said), "base64url")}`)
}

const eventOf = (changes: ReadonlyArray<StockChange>, source: EventSource, time: number): StockEvent => ({
  source,
  id: idOf(changes),
  time,
  type: "sku.registered",
  data: { lines: changes.map(({ sku, locationId, stock }) => ({ sku, locationId, safetyStock: stock.safetyStock })) }
})

/** The events that say what a plan changes. @param now milliseconds since the epoch */
export const catalogueEvents = (
  changes: ReadonlyArray<CatalogueChange>,
  source: EventSource,
  now: number
): ReadonlyArray<StockEvent> => {
  const byTime = Map.groupBy(changes.filter(hasStock), (change) => effectiveTime(change, now))
  return [...byTime].flatMap(([time, same]) =>
    Array.from({ length: Math.ceil(same.length / eventLinesMax) }, (_, i) =>
      eventOf(same.slice(i * eventLinesMax, (i + 1) * eventLinesMax), source, time)
    )
  )
}

/** What these lines change of what is stored now. */
export const planCatalogue = Effect.fn("CatalogueApply.plan")(function* (lines: ReadonlyArray<CatalogueLine>) {
  const { sql } = yield* Database
  return planOf(lines, yield* query(() => knownOf(sql, lines)))
})

/** Publishes and writes what a plan changes. */
export const applyPlan = Effect.fn("CatalogueApply.apply")(function* (plan: CataloguePlan, source: EventSource) {
  const { sql } = yield* Database
  const { manager } = yield* NatsConnection
  const events = catalogueEvents(plan.changes, source, yield* Clock.currentTimeMillis)
  yield* ensureStreams(manager)
  const totals: PublishTotals = yield* publishEvents(events)
  const names = plan.changes.flatMap(({ sku, name }) => (name === undefined ? [] : [[sku, name.text] as const]))
  yield* query(() => saveNames(sql, new Map(names)))
  return totals
})
