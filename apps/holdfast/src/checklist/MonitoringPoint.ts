/** Implement monitoring and automated alerts for failed or delayed syncs. Pure. */
import type { Verification } from "@holdfast/ledger/Verification"
import { countText, spanText } from "../terminal/TerminalText.ts"
import { listed, missing, note, ok, type ChecklistPoint, type Finding } from "./Finding.ts"
import type { InstanceSettings } from "./InstanceSettings.ts"

/** Milliseconds after which the last verification says too little: a week. */
export const verificationMillisMax = 7 * 24 * 60 * 60_000

export interface MonitoringFacts {
  /** null: tracing is off; undefined: nobody knows */
  readonly tracing: InstanceSettings["tracing"] | undefined
  readonly verification: Verification | undefined
  /** messages that wait, by reason */
  readonly parked: ReadonlyMap<string, number>
  /** files of alert rules that come with Holdfast */
  readonly alertRules: ReadonlyArray<string>
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
      "start it with a collector, such as Jaeger (README, Traces): OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 npm start"
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

const alertFinding = ({ alertRules }: MonitoringFacts): Finding =>
  alertRules.length > 0
    ? ok(`alert rules to load: ${listed(alertRules)}`)
    : missing(
        "no alert rules come with Holdfast yet: nobody is paged when a sync fails or is late",
        "until then let a monitor of yours ask, and alert on what is not well:",
        'GET /healthz (200, "database":true), GET /v1/sources (no "silent"), GET /v1/parked (empty)'
      )

export const monitoringPoint = (facts: MonitoringFacts): ChecklistPoint => ({
  name: "Monitoring is on, and failed or delayed syncs raise an alert",
  findings: [tracingFinding(facts), verificationFinding(facts), parkedFinding(facts), alertFinding(facts)]
})
