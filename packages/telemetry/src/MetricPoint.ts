/**
 * What a metric is at one moment, and how the exporter wants to hear it. Pure.
 *
 * Guarantee: the compiler refuses a point whose attributes are not those of its metric.
 */
import { ValueType, type HrTime } from "@opentelemetry/api"
import { AggregationTemporality, DataPointType, type DataPoint, type MetricData } from "@opentelemetry/sdk-metrics"
import { metric, type MetricDefinition, type MetricKey } from "./MetricName.ts"

/** Cumulative since the start of the process. `counts` has one more than `bounds`, for what is above the last. */
export interface Distribution {
  /** inclusive upper bounds, in the metric's unit */
  readonly bounds: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
  readonly count: number
  readonly sum: number
}

type ValueOf<K extends MetricKey> = (typeof metric)[K]["kind"] extends "histogram" ? Distribution : number

type AttributesOf<K extends MetricKey> = Readonly<Record<(typeof metric)[K]["attributes"][number], string | boolean>>

export interface MetricPoint {
  readonly metric: MetricKey
  readonly value: number | Distribution
  readonly attributes: Readonly<Record<string, string | boolean>>
}

export const point = <K extends MetricKey>(key: K, value: ValueOf<K>, attributes: AttributesOf<K>): MetricPoint => ({
  metric: key,
  value,
  attributes
})

const histogramOf = ({ bounds, counts, count, sum }: Distribution) => ({
  buckets: { boundaries: [...bounds], counts: [...counts] },
  count,
  sum
})

/** One metric with its points, as of `startTime` to `endTime`. */
const dataOf = (
  definition: MetricDefinition,
  points: ReadonlyArray<MetricPoint>,
  startTime: HrTime,
  endTime: HrTime
): MetricData => {
  const { name, unit, description, kind } = definition
  const common = {
    descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE
  }
  const at = <A>(value: A, { attributes }: MetricPoint): DataPoint<A> => ({ startTime, endTime, attributes, value })
  if (kind === "histogram") {
    const dataPoints = points.flatMap((each) =>
      typeof each.value === "number" ? [] : [at(histogramOf(each.value), each)]
    )
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints }
  }
  const dataPoints = points.flatMap((each) => (typeof each.value === "number" ? [at(each.value, each)] : []))
  return kind === "counter"
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...common, dataPointType: DataPointType.GAUGE, dataPoints }
}

/** All points by their metrics, in the order in which they first appear. */
export const metricData = (points: ReadonlyArray<MetricPoint>, startTime: HrTime, endTime: HrTime): Array<MetricData> =>
  [...Map.groupBy(points, (each) => each.metric)].map(([key, same]) => dataOf(metric[key], same, startTime, endTime))
