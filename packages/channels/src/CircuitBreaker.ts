/**
 * Whether a channel is called at all: closed it is, open it is left alone, half open one probe asks whether it is well.
 *
 * Guarantee: opens after `circuitThreshold` failures in a row; while half open exactly one call is under way; results of
 * calls that began before it opened change nothing. A refusal of our credentials opens it for longer, as `blocked`.
 */
import { backoffMillis } from "./Backoff.ts"
import { blockedProbeMillis, circuitBaseMillis, circuitMaxMillis, circuitThreshold } from "./ChannelLimit.ts"

export type CircuitState = "closed" | "open" | "halfOpen" | "blocked"

export class CircuitBreaker {
  private current: CircuitState = "closed"
  private failures = 0
  private openings = 0
  private until = 0
  private probing = false
  private why: string | undefined

  get state(): CircuitState {
    return this.current
  }

  /** Why it is not closed. */
  get detail(): string | undefined {
    return this.why
  }

  /** When the next call may begin: now or earlier, later, or `Infinity` while a probe is under way. */
  admitAt(now: number): number {
    if (this.current === "closed") return now
    return this.probing ? Number.POSITIVE_INFINITY : this.until
  }

  /** A call begins. Returns whether it is the probe: its result must be reported as such. */
  begin(): boolean {
    if (this.current === "closed") return false
    if (this.current === "open") this.current = "halfOpen"
    this.probing = true
    return true
  }

  /** The channel answered. Returns whether this closed the circuit. */
  succeeded(probe: boolean): boolean {
    if (this.current === "closed") {
      this.failures = 0
      return false
    }
    if (!probe) return false
    this.probing = false
    this.current = "closed"
    this.failures = 0
    this.openings = 0
    this.why = undefined
    return true
  }

  /** @param random from 0 to below 1 */
  failed(probe: boolean, now: number, detail: string, random: number): void {
    if (this.current === "closed") {
      this.failures += 1
      if (this.failures >= circuitThreshold) this.open(now, detail, random)
    } else if (probe) this.open(now, detail, random)
  }

  /** The channel refuses us as a whole. */
  refused(probe: boolean, now: number, detail: string): void {
    if (this.current !== "closed" && !probe) return
    this.current = "blocked"
    this.probing = false
    this.until = now + blockedProbeMillis
    this.why = detail
  }

  private open(now: number, detail: string, random: number): void {
    this.openings += 1
    this.current = "open"
    this.probing = false
    // half fixed: a probe that comes too soon after the failure tells nothing
    const policy = { base: circuitBaseMillis, max: circuitMaxMillis }
    const ceiling = Math.min(policy.max, policy.base * 2 ** Math.min(this.openings - 1, 30))
    this.until = now + Math.floor(ceiling / 2) + backoffMillis({ base: ceiling / 2, max: ceiling / 2 }, 1, random)
    this.why = detail
  }
}
