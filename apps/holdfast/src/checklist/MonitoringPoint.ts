/** Implement monitoring and automated alerts for failed or delayed syncs. Pure. */
import type { Verification } from "@holdfast/ledger/Verification"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { countText, spanText } from "../terminal/TerminalText.ts"
import { unwatched } from "./AlertCoverage.ts"
import type { AlertRules } from "./AlertRules.ts"
import { listed, missing, note, ok, type ChecklistPoint, type Finding } from "./Finding.ts"
import type { InstanceSettings } from "./InstanceSettings.ts"

/** Milliseconds after which the last verification says too little: a week. */
export const verificationMillisMax = 7 * 24 * 60 * 60_000

export interface MonitoringFacts {
  /** null: tracing is off; undefined: nobody knows */
  readonly tracing: InstanceSettings["tracing"] | undefined
  /** null: no metrics are exported; undefined: nobody knows */
  readonly metrics: InstanceSettings["metrics"] | undefined
  readonly channels: ReadonlyArray<ChannelDefinition>
  readonly verification: Verification | undefined
  /** messages that wait, by reason */
  readonly parked: ReadonlyMap<string, number>
  /** rules for Prometheus that come with Holdfast */
  readonly alertRules: AlertRules
  /** milliseconds since the epoch */
  readonly now: number
}

const tracingFinding = ({ tracing }: MonitoringFacts): Finding => {
  if (tracing === undefined)
    return missing(
      "whether tracing is on is not known: no instance runs in this data directory",
      "run this where the instance runs, or with its HOLDFAST_DATA_DIR"
    )
  if (tracing === null)
    return missing(
      "tracing is off: nobody can see where an update was late",
      "start it with a collector, such as Jaeger (README, Traces): OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://localhost:4318/v1/traces npm start"
    )
  const { endpoint, ratio } = tracing
  const share = `${Math.round(ratio * 10_000) / 100} %`
  return ratio > 0
    ? ok(`traces go to ${endpoint}: ${share} from their start, and those that are late or fail`)
    : note(
        `traces go to ${endpoint}, only those that are late or fail`,
        "keep others too: HOLDFAST_TRACE_RATIO=0.01, or OTEL_TRACES_SAMPLER unset"
      )
}

const verificationFinding = ({ verification, now }: MonitoringFacts): Finding => {
  const mend = "holdfast verify"
  if (verification === undefined) return missing("the ledger was never verified", mend)
  const ago = `${spanText(now - verification.verifiedAt)} ago`
  if (verification.findings > 0)
    return missing(
      `${countText(verification.findings, "check")} found ${ago} that ledger and state differ`,
      `${mend} names the SKUs; keep the database as it is`
    )
  if (now - verification.verifiedAt > verificationMillisMax) return missing(`the ledger was verified ${ago}`, mend)
  return ok(`the ledger was verified ${ago}, ${countText(verification.changes, "change")}, and is clean`)
}

const parkedFinding = ({ parked }: MonitoringFacts): Finding => {
  const total = [...parked.values()].reduce((sum, count) => sum + count, 0)
  if (total === 0) return ok("nothing is parked")
  const byReason = [...parked].map(([reason, count]) => `${count} ${reason}`)
  return missing(
    `${countText(total, "message")} could not be applied and ${total === 1 ? "waits" : "wait"}: ${listed(byReason)}`,
    "holdfast parked list",
    ...(parked.has("unknown_sku")
      ? ["make their SKUs known, and they are applied by themselves: holdfast catalogue apply items.csv"]
      : [])
  )
}

const metricsFinding = ({ metrics }: MonitoringFacts): Finding => {
  if (metrics === undefined)
    return missing(
      "whether metrics are exported is not known: no instance runs in this data directory",
      "run this where the instance runs, or with its HOLDFAST_DATA_DIR"
    )
  if (metrics === null)
    return missing(
      "metrics are off: no alert can be raised for a sync that fails or is late",
      "start it with a collector, or with a Prometheus that takes OTLP (infra/README, Alerts):",
      "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://localhost:9090/api/v1/otlp/v1/metrics npm start"
    )
  return ok(`metrics go to ${metrics.endpoint} every ${spanText(metrics.intervalMillis)}`)
}

const takeRules = "take infra/prometheus/ as it comes with Holdfast, and let Prometheus load it (infra/README, Alerts)"

/** A channel is critical when it is told of every change at once. */
const alertFindings = ({ alertRules, channels }: MonitoringFacts): ReadonlyArray<Finding> => {
  const { files, unreadable, rules } = alertRules
  const broken = unreadable.map((file) => missing(`${file} is no file of rules`, takeRules))
  if (!rules.some(({ alert }) => alert !== undefined))
    return [...broken, missing("there are no alert rules: nobody is paged when a sync fails or is late", takeRules)]
  const critical = channels.filter(({ timing }) => timing.model === "realtime").map(({ id }) => id)
  const without = unwatched(rules, critical)
  if (without.length === 0) return [...broken, ok(`alert rules to load, for every critical channel: ${listed(files)}`)]
  const texts = without.map(({ channel, what }) => `${channel} for ${what} syncs`)
  return [...broken, missing(`no alert watches ${listed(texts)}`, takeRules)]
}

export const monitoringPoint = (facts: MonitoringFacts): ChecklistPoint => ({
  name: "Monitoring is on, and failed or delayed syncs raise an alert",
  findings: [
    metricsFinding(facts),
    ...alertFindings(facts),
    tracingFinding(facts),
    verificationFinding(facts),
    parkedFinding(facts)
  ]
})
