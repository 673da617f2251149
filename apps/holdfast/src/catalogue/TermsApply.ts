/**
 * Makes what a list of terms of sale says true: events at the front door.
 *
 * Guarantee: only what differs from what is stored is published. An event's id is made of what it says and what it replaces, as that
 * of a catalogue's: the same list applied twice before the first was heard of is one event. It returns when the broker has
 * stored the events. Terms of a SKU that nobody knows yet are parked until it is known.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import { EventId, type EventSource } from "@holdfast/domain/Identity"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { termsPlanOf, termsTime, type TermsChange, type TermsLine, type TermsPlan } from "@holdfast/domain/TermsPlan"
import { Database, query } from "@holdfast/ledger/Database"
import { storedTerms } from "@holdfast/ledger/StoredTerms"
import { Clock, Effect } from "effect"
import { hash } from "node:crypto"
import { publishEvents } from "../retail/EventPublisher.ts"
import { eventLinesMax } from "./CatalogueLimit.ts"

const isAllotment = (change: TermsChange) => change.kind === "allotment"
const isBackorder = (change: TermsChange) => change.kind === "backorder"

const idOf = (changes: ReadonlyArray<TermsChange>): EventId => {
  const said = changes.map(({ kind, say, before }) => [kind, say, before])
  return EventId.make(`terms:${hash("sha256", JSON.stringify(said), "base64url")}`)
}

const eventOf = (changes: ReadonlyArray<TermsChange>, source: EventSource, time: number): StockEvent => {
  const envelope = { source, id: idOf(changes), time }
  const allotments = changes.filter(isAllotment).map(({ say }) => say)
  if (allotments.length > 0) return { ...envelope, type: "allotment.set", data: { lines: allotments } }
  return { ...envelope, type: "backorder.set", data: { lines: changes.filter(isBackorder).map(({ say }) => say) } }
}

/** The events that say what a plan changes. @param now milliseconds since the epoch */
export const termsEvents = (
  changes: ReadonlyArray<TermsChange>,
  source: EventSource,
  now: number
): ReadonlyArray<StockEvent> => {
  const together = Map.groupBy(changes, (change) => `${change.kind} ${termsTime(change, now)}`)
  return [...together.values()].flatMap((same) =>
    Array.from({ length: Math.ceil(same.length / eventLinesMax) }, (_, i) =>
      eventOf(same.slice(i * eventLinesMax, (i + 1) * eventLinesMax), source, termsTime(same[0]!, now))
    )
  )
}

/** What these lines change of what is stored now. */
export const planTerms = Effect.fn("TermsApply.plan")(function* (lines: ReadonlyArray<TermsLine>) {
  const { sql } = yield* Database
  const skus = [...new Set(lines.map(({ item }) => item.sku))]
  return termsPlanOf(lines, yield* query(() => storedTerms(sql, skus)))
})

/** Publishes what a plan changes. */
export const applyTerms = Effect.fn("TermsApply.apply")(function* (plan: TermsPlan, source: EventSource) {
  const { manager } = yield* NatsConnection
  yield* ensureStreams(manager)
  return yield* publishEvents(termsEvents(plan.changes, source, yield* Clock.currentTimeMillis))
})
