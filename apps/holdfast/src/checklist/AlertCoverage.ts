/**
 * Which channels the alerts watch, and for what. Pure.
 *
 * An alert watches a channel for a metric when its expression reads it, by itself or through recording rules, and no matcher in any
 * of these leaves the channel out. It does not judge thresholds.
 */
import { metric, prometheusLabel, prometheusSeries } from "@holdfast/telemetry/MetricName"
import { attribute } from "@holdfast/telemetry/Attribute"
import type { Rule } from "./AlertRules.ts"

/** What a critical channel needs an alert for: what it is called, and a metric that such an alert reads. */
const needed = [
  { what: "late", series: prometheusSeries(metric.deliveries)[0]! },
  { what: "failed", series: prometheusSeries(metric.circuit)[0]! }
] as const

const names = /[a-zA-Z_:][a-zA-Z0-9_:]*/g

const matchers = new RegExp(
  `\\b${prometheusLabel(attribute.channel)}\\s*(=~|!~|!=|=)\\s*("(?:[^"\\\\]|\\\\.)*"|'[^']*')`,
  "g"
)

/** The expression, followed by those of all recording rules that it reads. */
const withRecordings = (expr: string, recordings: ReadonlyMap<string, string>): string => {
  const texts = [expr]
  const seen = new Set<string>()
  for (const text of texts) {
    for (const [name] of text.matchAll(names)) {
      const recorded = recordings.get(name)
      if (recorded === undefined || seen.has(name)) continue
      seen.add(name)
      texts.push(recorded)
    }
  }
  return texts.join("\n")
}

const isWhole = (pattern: string, text: string): boolean => {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text)
  } catch {
    return false
  }
}

const admits = (expr: string, channel: string): boolean =>
  [...expr.matchAll(matchers)].every(([, operator, quoted = ""]) => {
    const value = quoted.slice(1, -1)
    const isMatch = operator!.endsWith("~") ? isWhole(value, channel) : value === channel
    return operator!.startsWith("!") ? !isMatch : isMatch
  })

const reads = (expr: string, series: string): boolean => [...expr.matchAll(names)].some(([name]) => name === series)

export interface Unwatched {
  readonly channel: string
  readonly what: (typeof needed)[number]["what"]
}

/** Channels and what no alert watches them for. */
export const unwatched = (rules: ReadonlyArray<Rule>, channels: ReadonlyArray<string>): ReadonlyArray<Unwatched> => {
  const recordings = new Map(rules.flatMap(({ record, expr }) => (record === undefined ? [] : [[record, expr]])))
  const alerts = rules.filter(({ alert }) => alert !== undefined).map(({ expr }) => withRecordings(expr, recordings))
  return needed.flatMap(({ what, series }) => {
    const watching = alerts.filter((expr) => reads(expr, series))
    return channels
      .filter((channel) => !watching.some((expr) => admits(expr, channel)))
      .map((channel) => ({ channel, what }))
  })
}
