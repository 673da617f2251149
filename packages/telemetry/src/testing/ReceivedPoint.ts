/** Metrics as a collector receives them in OTLP's JSON: one record for each point. */
import { recordOf, type KeyValue } from "./OtlpJson.ts"

export interface ReceivedPoint {
  readonly service: string
  readonly name: string
  readonly unit: string
  readonly kind: "counter" | "gauge" | "histogram"
  readonly attributes: Readonly<Record<string, unknown>>
  /** of a histogram: how many were recorded */
  readonly value: number
  /** of a histogram: inclusive upper bounds, and one count more than these */
  readonly bounds: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
  readonly sum: number | undefined
}

interface OtlpPoint {
  readonly attributes?: ReadonlyArray<KeyValue>
  readonly asDouble?: number
  readonly asInt?: number | string
  readonly count?: number | string
  readonly sum?: number
  readonly explicitBounds?: ReadonlyArray<number>
  readonly bucketCounts?: ReadonlyArray<number | string>
}

interface OtlpMetric {
  readonly name: string
  readonly unit?: string
  readonly sum?: { readonly dataPoints: ReadonlyArray<OtlpPoint> }
  readonly gauge?: { readonly dataPoints: ReadonlyArray<OtlpPoint> }
  readonly histogram?: { readonly dataPoints: ReadonlyArray<OtlpPoint> }
}

interface OtlpRequest {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<KeyValue> }
    readonly scopeMetrics: ReadonlyArray<{ readonly metrics: ReadonlyArray<OtlpMetric> }>
  }>
}

export const pointsOf = ({ resourceMetrics }: OtlpRequest): ReadonlyArray<ReceivedPoint> =>
  resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
    const service = String(recordOf(resource.attributes)["service.name"])
    return scopeMetrics.flatMap(({ metrics }) => metrics.flatMap((metric) => received(service, metric)))
  })

const received = (service: string, metric: OtlpMetric): ReadonlyArray<ReceivedPoint> => {
  const { name, unit = "" } = metric
  const of = (kind: ReceivedPoint["kind"], points: ReadonlyArray<OtlpPoint> = []) =>
    points.map(({ attributes = [], asDouble, asInt, count, sum, explicitBounds = [], bucketCounts = [] }) => ({
      service,
      name,
      unit,
      kind,
      attributes: recordOf(attributes),
      value: Number(asDouble ?? asInt ?? count),
      bounds: explicitBounds,
      counts: bucketCounts.map(Number),
      sum
    }))
  return [
    ...of("counter", metric.sum?.dataPoints),
    ...of("gauge", metric.gauge?.dataPoints),
    ...of("histogram", metric.histogram?.dataPoints)
  ]
}
