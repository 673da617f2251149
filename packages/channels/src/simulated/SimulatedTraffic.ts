/** What a simulated channel counts of its traffic: since its start, and per second over the last minute. */

const seconds = 60

export interface TrafficCounts {
  received: number
  throttled: number
  failed: number
  dropped: number
  badSignatures: number
  badRequests: number
  stale: number
}

export class SimulatedTraffic {
  readonly counts: TrafficCounts = {
    received: 0,
    throttled: 0,
    failed: 0,
    dropped: 0,
    badSignatures: 0,
    badRequests: 0,
    stale: 0
  }
  private readonly series = {
    received: new Array<number>(seconds).fill(0),
    throttled: new Array<number>(seconds).fill(0)
  }
  private newest = 0

  count(what: keyof TrafficCounts, now: number): void {
    this.counts[what] += 1
    if (what !== "received" && what !== "throttled") return
    this.turn(now)
    const slot = this.newest % seconds
    this.series[what][slot] = this.series[what][slot]! + 1
  }

  /** Requests of each of the last 60 whole seconds, oldest first. */
  perSecond(what: "received" | "throttled", now: number): ReadonlyArray<number> {
    this.turn(now)
    return Array.from({ length: seconds - 1 }, (_, i) => this.series[what][(this.newest + 1 + i) % seconds]!)
  }

  private turn(now: number): void {
    const second = Math.floor(now / 1000)
    for (let i = Math.max(this.newest + 1, second - seconds + 1); i <= second; i++) {
      this.series.received[i % seconds] = 0
      this.series.throttled[i % seconds] = 0
    }
    if (second > this.newest) this.newest = second
  }
}
