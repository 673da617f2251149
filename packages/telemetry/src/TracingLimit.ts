/**
 * Every limit of tracing and metrics, each with its reason. What exceeds one of tracing is counted in `Tracing.stats`, never
 * waited for.
 */

/** Traces per second that the head sampler keeps in one process: enough to look at, whatever the load. */
export const headTracesPerSecond = 50

/** Traces per second and channel that are kept because a budget was missed; the same for errors of one process. */
export const keptTracesPerSecond = 20

/** Traces kept at once after a quiet time: the beginning of an incident is what people look at. */
export const keptTracesBurst = 200

/** Channels, or kinds of error, with a token bucket of their own; more share one. */
export const bucketsMax = 1_000

/** Share of traces kept when nothing is configured and several machines share the load. */
export const headRatioDefault = 0.01

/** Spans waiting for the collector, about 1 KiB each. A burst of kept traces fits; a dead collector costs no more. */
export const spanQueueMax = 8_192

/** Spans of one export: encoding them takes about 2 ms, during which nothing else runs. */
export const spanBatchMax = 256

/** Milliseconds that spans wait for company before they are exported. */
export const exportDelayMillis = 1_000

/** Milliseconds that the last export may take when the process ends. */
export const shutdownMillis = 3_000

/** Kept events whose root waits for channels, about 1 KiB each. */
export const openTracesMax = 5_000

/** Kept events remembered after their root was emitted, so that a late delivery does not emit it again. */
export const closedTracesMax = 10_000

/**
 * Milliseconds a root waits at most, and the longest budget whose channel it waits for: an hourly channel would leave
 * traces without a root for an hour, and would be the critical path of every one.
 */
export const onTimeBudgetMillisMax = 5 * 60 * 1000

/**
 * Milliseconds after the longest budget until a root is closed without the channels that did not report: an output stream
 * gives up on an event a minute after its deadline, and that report still belongs to the root.
 */
export const rootGraceMillis = 65_000

/** Milliseconds that the root of a trace which is kept even later still waits for the other channels' reports. */
export const lateGraceMillis = 2_000

/** Milliseconds between two looks at roots that are due. */
export const sweepMillis = 1_000

/** Deliveries of one event that get spans: a physical count of thousands of SKUs would fill the queue alone. */
export const deliveriesPerTraceMax = 1_000

/** Deliveries of events that were not kept, remembered in case another channel of the same event breaches. */
export const recentDeliveriesMax = 4_096

/** Characters of a text on a span that came from outside. */
export const textMax = 256

/** Milliseconds between two exports of metrics: the shortest window of an alert, 5 minutes, then has 20 points. */
export const metricIntervalMillis = 15_000

/** Milliseconds that one export of metrics may take; the next one has everything that it had. */
export const metricExportMillis = 10_000

/**
 * Upper bounds in seconds of the latency histogram: from what a shop's own channel needs to the 2 hours of an hourly one.
 * Objectives do not depend on them: what is late is counted by itself.
 */
export const latencyBoundsSeconds: ReadonlyArray<number> = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 1_800, 3_600, 7_200
]
