/**
 * The closed list of metrics: names, units, attributes.
 *
 * Guarantee: no attribute has many values: channels, declared sources and short enumerations, never a SKU or an id. Names of
 * Prometheus follow from these as its OTLP receiver translates them (`UnderscoreEscapingWithSuffixes`).
 */
import { attribute } from "./Attribute.ts"

export interface MetricDefinition {
  readonly name: string
  /** counters and histograms run from the start of the process */
  readonly kind: "counter" | "gauge" | "histogram"
  /** as UCUM writes it: `s`, `1` for a share, `{thing}` for things that are counted */
  readonly unit: string
  readonly attributes: ReadonlyArray<string>
  readonly description: string
}

const { channel, eventSource, eventType } = attribute

const counter = <const A extends ReadonlyArray<string>>(
  name: string,
  unit: string,
  attributes: A,
  description: string
) => ({ name, kind: "counter" as const, unit, attributes, description })

const gauge = <const A extends ReadonlyArray<string>>(
  name: string,
  unit: string,
  attributes: A,
  description: string
) => ({ name, kind: "gauge" as const, unit, attributes, description })

const histogram = <const A extends ReadonlyArray<string>>(
  name: string,
  unit: string,
  attributes: A,
  description: string
) => ({ name, kind: "histogram" as const, unit, attributes, description })

export const metric = {
  deliveries: counter(
    "stock.sync.deliveries",
    "{delivery}",
    [channel, attribute.budgetMet],
    "Events judged once, at their acknowledgement or deadline, whichever came first"
  ),
  latency: histogram(
    "stock.sync.latency",
    "s",
    [channel],
    "Event to its end on the channel; one that is given up on counts with its age then"
  ),
  objective: gauge("stock.channel.slo.objective", "1", [channel], "Share of events that must be in time"),
  budget: gauge("stock.channel.budget", "s", [channel], "Time within which an event must be on the channel"),
  pending: gauge("stock.sync.pending", "{listing}", [channel], "Listings that wait for a call or have one under way"),
  oldestAge: gauge(
    "stock.sync.pending.oldest_age",
    "s",
    [channel],
    "Age of the oldest change that is not on the channel, 0 when none is missing"
  ),
  circuit: gauge(
    "stock.channel.circuit",
    "{state}",
    [channel, attribute.circuitState],
    "1 for the state that the circuit is in, 0 for the others"
  ),
  operation: gauge(
    "stock.channel.operation",
    "{state}",
    [channel, attribute.channelOperation],
    "1 for how the channel is operated, 0 for the others"
  ),
  ladder: gauge(
    "stock.channel.ladder",
    "{state}",
    [channel, attribute.ladderRung],
    "1 for the rung that the channel stands on while more is due than it takes in time, 0 for the others"
  ),
  raisesHeld: gauge(
    "stock.channel.raises.held",
    "{listing}",
    [channel, attribute.raiseHeldBecause],
    "Raises that are not told: orders of the channel may be unseen, or its deadlines are at risk"
  ),
  ordersSeenAge: gauge(
    "stock.channel.orders.seen.age",
    "s",
    [channel],
    "Time since the moment up to which the orders of a channel that is asked for them were seen"
  ),
  quarantined: gauge("stock.channel.quarantined", "{listing}", [channel], "Listings that the channel rejected"),
  pushes: counter(
    "stock.push.attempts",
    "{attempt}",
    [channel, attribute.pushOutcome],
    "Updates of listings that left, by how they ended"
  ),
  heardAge: gauge(
    "stock.source.last_heard.age",
    "s",
    [eventSource, eventType],
    "Time since a declared source emitted a type that it was heard to emit"
  ),
  silenceLimit: gauge(
    "stock.source.silence.limit",
    "s",
    [eventSource, eventType],
    "Silence of a declared source that is normal"
  ),
  parked: gauge("stock.parked.waiting", "{message}", [attribute.parkedReason], "Messages that could not be applied"),
  commits: counter("stock.ledger.commits", "{commit}", [], "Commits of the ledger"),
  facts: counter("stock.ledger.facts", "{fact}", [attribute.applyResult], "Facts that the engine is done with"),
  oversold: counter("stock.oversold.units", "{unit}", [channel], "Units by which changes raised what is oversold"),
  backlog: gauge("stock.outbound.backlog", "{message}", [], "Announcements that outbound has not read")
} as const satisfies Record<string, MetricDefinition>

export type MetricKey = keyof typeof metric

const unitSuffix = ({ unit, kind }: MetricDefinition): string => {
  if (unit === "s") return "_seconds"
  return unit === "1" && kind === "gauge" ? "_ratio" : ""
}

/** The names under which Prometheus keeps a metric: three for a histogram. */
export const prometheusSeries = (definition: MetricDefinition): ReadonlyArray<string> => {
  const base = `${definition.name.replaceAll(".", "_")}${unitSuffix(definition)}`
  if (definition.kind === "counter") return [`${base}_total`]
  return definition.kind === "gauge" ? [base] : ["_bucket", "_count", "_sum"].map((part) => base + part)
}

/** `stock.channel` -> `stock_channel` */
export const prometheusLabel = (key: string): string => key.replaceAll(".", "_")
