/**
 * Where finished spans leave the process: a bounded batch queue in front of the OTLP exporter, with its losses counted.
 *
 * Guarantee: `onEnd` never waits and never throws. At most `spanQueueMax` spans wait or are under way; the others are
 * counted as lost, and so are those of a failed export. Whether the collector answers is reported when it changes.
 */
import { ExportResultCode, type ExportResult } from "@opentelemetry/core"
import { TraceFlags } from "@opentelemetry/api"
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor
} from "@opentelemetry/sdk-trace-base"
import { spanBatchMax } from "./TracingLimit.ts"

export interface OutletOptions {
  readonly exporter: SpanExporter
  readonly queueMax: number
  readonly delayMillis: number
  /** the collector stopped answering (`false`) or answers again */
  readonly onHealth: (healthy: boolean, error: Error | undefined) => void
}

export class SpanOutlet implements SpanProcessor {
  /** spans that the collector has */
  exported = 0
  /** spans that nobody will see: the queue was full or the export failed */
  lost = 0
  private waiting = 0
  private healthy = true
  private readonly batches: BatchSpanProcessor
  private readonly options: OutletOptions

  constructor(options: OutletOptions) {
    this.options = options
    this.batches = new BatchSpanProcessor(this.counting(options.exporter), {
      maxQueueSize: options.queueMax,
      maxExportBatchSize: Math.min(spanBatchMax, options.queueMax),
      scheduledDelayMillis: options.delayMillis
    })
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return
    if (this.waiting >= this.options.queueMax) {
      this.lost += 1
      return
    }
    this.waiting += 1
    this.batches.onEnd(span)
  }

  // a refusal is counted and reported; the end of the process must not fail because its traces did not arrive
  async forceFlush(): Promise<void> {
    await this.batches.forceFlush().catch(() => {})
  }

  async shutdown(): Promise<void> {
    await this.batches.shutdown().catch(() => {})
  }

  private counting(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          this.settle(spans.length, result)
          done(result)
        }),
      shutdown: () => exporter.shutdown(),
      forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve()
    }
  }

  private settle(count: number, result: ExportResult): void {
    const healthy = result.code === ExportResultCode.SUCCESS
    this.waiting -= count
    if (healthy) this.exported += count
    else this.lost += count
    if (healthy === this.healthy) return
    this.healthy = healthy
    this.options.onHealth(healthy, result.error)
  }
}
