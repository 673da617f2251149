/**
 * Did `npm start` keep its promises? Compares what every channel shows with what it should show, looks at the budgets and
 * at the audit, and says what is wrong in sentences. Pure; what it is given is gathered elsewhere.
 */
import type { DemoChannelRow } from "./DemoSnapshot.ts"

export interface ChannelEvidence {
  readonly row: DemoChannelRow
  /** SKU -> units that the channel should show: `publishable` of the final stock levels */
  readonly expected: ReadonlyMap<string, number>
  /** SKU -> units that it shows, as asked of the channel itself */
  readonly shown: ReadonlyMap<string, number>
}

export interface DemoAudit {
  /** SKUs whose ledger was folded again and compared */
  readonly skus: number
  /** one sentence per difference */
  readonly findings: ReadonlyArray<string>
}

export interface DemoEvidence {
  readonly seconds: number
  /** events that were published */
  readonly events: number
  readonly parked: number
  readonly channels: ReadonlyArray<ChannelEvidence>
  readonly audit: DemoAudit
}

/** The last line of `npm start`, as JSON. Durations are milliseconds, shares 0 to 1. */
export interface DemoResult {
  readonly ok: boolean
  readonly seconds: number
  readonly events: number
  readonly channels: ReadonlyArray<{
    readonly id: string
    readonly events: number
    readonly pushes: number
    readonly pending: number
    readonly p50: number | null
    readonly p99: number | null
    readonly budgetMs: number
    readonly withinBudget: number
    readonly oversoldUnits: number
    readonly mismatches: number
  }>
  readonly audit: DemoAudit
  readonly parked: number
}

export interface DemoVerdict {
  readonly ok: boolean
  /** one sentence per broken promise; empty when all were kept */
  readonly findings: ReadonlyArray<string>
  readonly result: DemoResult
}

/** SKUs named in one sentence; more are only counted. */
const namedMax = 3

/** SKUs that the channel shows otherwise than it should; one that it does not show at all is among them. */
const mismatchesOf = ({ expected, shown }: ChannelEvidence): ReadonlyArray<string> =>
  [...new Set([...expected.keys(), ...shown.keys()])].filter((sku) => expected.get(sku) !== shown.get(sku))

const difference = ({ expected, shown }: ChannelEvidence, sku: string): string =>
  `${sku} shows ${shown.get(sku) ?? "nothing"} instead of ${expected.get(sku) ?? "nothing"}`

const channelFindings = (evidence: ChannelEvidence): ReadonlyArray<string> => {
  const { id, pending, withinBudget, objective, budgetMillis, events } = evidence.row
  const wrong = mismatchesOf(evidence)
  const findings: Array<string> = []
  if (wrong.length > 0) {
    const named = wrong.slice(0, namedMax).map((sku) => difference(evidence, sku))
    const more = wrong.length > namedMax ? ` and ${wrong.length - namedMax} more` : ""
    findings.push(
      `${id} disagrees on ${wrong.length} of ${evidence.expected.size} listings: ${named.join(", ")}${more}`
    )
  }
  if (pending > 0) findings.push(`${id} still waits for ${pending} listings`)
  if (events === 0) findings.push(`${id} heard of no event`)
  if (withinBudget < objective) {
    const [share, promised] = [withinBudget, objective].map((part) => `${(part * 100).toFixed(2)}%`)
    findings.push(`${id} heard of ${share} of its events within ${budgetMillis} ms, ${promised} are promised`)
  }
  return findings
}

export const demoVerdict = (evidence: DemoEvidence): DemoVerdict => {
  const { seconds, events, parked, channels, audit } = evidence
  const findings = [
    ...(events === 0 ? ["no event was played"] : []),
    ...(channels.length === 0 ? ["there is no channel"] : []),
    ...(audit.skus === 0 ? ["the audit looked at no SKU"] : []),
    ...channels.flatMap(channelFindings),
    ...audit.findings.map((finding) => `audit: ${finding}`)
  ]
  const ok = findings.length === 0
  const rows = channels.map((channel) => {
    const { id, pushes, pending, p50, p99, budgetMillis, withinBudget, oversoldUnits } = channel.row
    const counts = { id, events: channel.row.events, pushes, pending, p50: p50 ?? null, p99: p99 ?? null }
    return { ...counts, budgetMs: budgetMillis, withinBudget, oversoldUnits, mismatches: mismatchesOf(channel).length }
  })
  return { ok, findings, result: { ok, seconds, events, channels: rows, audit, parked } }
}
