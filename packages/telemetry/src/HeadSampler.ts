/**
 * Which traces are kept from their start: a share of all, but never more than a rate.
 *
 * Guarantee: the share is decided by the trace id alone, so that processes agree and a larger share keeps all that a
 * smaller one kept. The ceiling is this process's own: whoever starts a trace decides once and writes it into the flags.
 */
import { SamplingDecision, type Sampler, type SamplingResult } from "@opentelemetry/sdk-trace-base"
import { TraceBudget } from "./TraceBudget.ts"
import { headTracesPerSecond } from "./TracingLimit.ts"

const randomnessMax = 2 ** 52

/** Consistent probability sampling: the last 56 bits of the id are its randomness, of which 52 are looked at. */
export const inShare = (ratio: number, traceId: string): boolean =>
  ratio >= 1 || (ratio > 0 && Number.parseInt(traceId.slice(18, 31), 16) >= (1 - ratio) * randomnessMax)

export class HeadSampler implements Sampler {
  private readonly ratio: number
  private readonly now: () => number
  private readonly ceiling = new TraceBudget(headTracesPerSecond, headTracesPerSecond)
  /** traces that their share would have kept and the ceiling did not */
  suppressed = 0

  /** @param ratio share of traces from 0 to 1 @param now milliseconds of a clock */
  constructor(ratio: number, now: () => number) {
    this.ratio = ratio
    this.now = now
  }

  keeps(traceId: string): boolean {
    if (!inShare(this.ratio, traceId)) return false
    if (this.ceiling.take("", this.now())) return true
    this.suppressed += 1
    return false
  }

  shouldSample(_context: unknown, traceId: string): SamplingResult {
    return { decision: this.keeps(traceId) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD }
  }

  toString(): string {
    return `HeadSampler{${this.ratio}}`
  }
}
