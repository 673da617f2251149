/** What the database says as metrics: messages that wait, and when declared sources were heard. Pure. */
import type { EmitterReport } from "@holdfast/domain/SourceRegistry"
import { attribute } from "@holdfast/telemetry/Attribute"
import { point, type MetricPoint } from "@holdfast/telemetry/MetricPoint"

export interface StoreFacts {
  /** messages that wait, by reason */
  readonly parked: ReadonlyMap<string, number>
  readonly emitters: ReadonlyArray<EmitterReport>
  /** milliseconds since the epoch */
  readonly now: number
}

/** Sources that nobody declared are left out: publishers choose their names. */
const emitterPoints = (
  { source, type, declared, lastSeenAt, silenceMinutes }: EmitterReport,
  now: number
): ReadonlyArray<MetricPoint> => {
  if (source === undefined || !declared) return []
  const of = { [attribute.eventSource]: source, [attribute.eventType]: type }
  return [
    ...(lastSeenAt === undefined ? [] : [point("heardAge", Math.max(0, now - lastSeenAt) / 1_000, of)]),
    ...(silenceMinutes === undefined ? [] : [point("silenceLimit", silenceMinutes * 60, of)])
  ]
}

export const storePoints = ({ parked, emitters, now }: StoreFacts): ReadonlyArray<MetricPoint> => [
  ...[...parked].map(([reason, count]) => point("parked", count, { [attribute.parkedReason]: reason })),
  ...emitters.flatMap((emitter) => emitterPoints(emitter, now))
]
