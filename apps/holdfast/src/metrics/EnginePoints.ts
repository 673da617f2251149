/** What the engine counted as metrics. Pure. */
import type { EngineCounts } from "@holdfast/engine/EngineObserver"
import { attribute } from "@holdfast/telemetry/Attribute"
import { point, type MetricPoint } from "@holdfast/telemetry/MetricPoint"

/** Of a change without a channel, or with one that is not configured: publishers choose these names. */
const otherChannel = "other"

const oversoldPoints = (
  units: ReadonlyMap<string, number>,
  channels: ReadonlyArray<string>
): ReadonlyArray<MetricPoint> => {
  const byChannel = new Map<string, number>([...channels, otherChannel].map((channel) => [channel, 0]))
  for (const [channel, count] of units) {
    const key = byChannel.has(channel) ? channel : otherChannel
    byChannel.set(key, byChannel.get(key)! + count)
  }
  return [...byChannel].map(([channel, count]) => point("oversold", count, { [attribute.channel]: channel }))
}

export const enginePoints = (
  counts: Readonly<EngineCounts>,
  oversoldUnits: ReadonlyMap<string, number>,
  channels: ReadonlyArray<string>
): ReadonlyArray<MetricPoint> => {
  const facts = (result: string, count: number) => point("facts", count, { [attribute.applyResult]: result })
  return [
    point("commits", counts.commits, {}),
    facts("applied", counts.facts - counts.duplicates - counts.parked),
    facts("duplicate", counts.duplicates),
    facts("parked", counts.parked),
    ...oversoldPoints(oversoldUnits, channels)
  ]
}
