/**
 * Latencies in logarithmic buckets: 16 to each doubling, so that a quantile is off by at most 1/16 of its value.
 *
 * Guarantee: recording allocates nothing. `LatencyWindow` forgets what is older than its six slots.
 */

const stepsPerDoubling = 16
const doublings = 40
const buckets = stepsPerDoubling * doublings

/** Values below 16 ms have a bucket of their own each. */
const bucketOf = (millis: number): number => {
  if (millis < stepsPerDoubling) return millis < 0 ? 0 : Math.floor(millis)
  const exponent = Math.floor(Math.log2(millis))
  const within = Math.floor((millis / 2 ** exponent - 1) * stepsPerDoubling)
  return Math.min(buckets - 1, (exponent - 3) * stepsPerDoubling + within)
}

/** Highest whole value of a bucket: a quantile is never told smaller than it is. */
const highestOf = (bucket: number): number => {
  if (bucket < stepsPerDoubling) return bucket
  const exponent = Math.floor(bucket / stepsPerDoubling) + 3
  const width = 2 ** exponent / stepsPerDoubling
  return Math.ceil(2 ** exponent + ((bucket % stepsPerDoubling) + 1) * width) - 1
}

/** Milliseconds; undefined when nothing was recorded. */
export interface LatencySummary {
  readonly count: number
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly p999: number | undefined
  readonly max: number | undefined
}

/** Counts by given bounds, one more than there are bounds. Milliseconds. */
export interface LatencyBuckets {
  readonly counts: ReadonlyArray<number>
  readonly count: number
  readonly sum: number
}

export class LatencyHistogram {
  private readonly counts = new Float64Array(buckets)
  private total = 0
  private sum = 0
  private largest = 0

  /** @param weight how many events took that long */
  record(millis: number, weight = 1): void {
    const bucket = bucketOf(millis)
    this.counts[bucket] = this.counts[bucket]! + weight
    this.total += weight
    this.sum += millis * weight
    if (millis > this.largest) this.largest = millis
  }

  add(other: LatencyHistogram): void {
    if (other.total === 0) return
    for (let i = 0; i < buckets; i++) this.counts[i] = this.counts[i]! + other.counts[i]!
    this.total += other.total
    this.sum += other.sum
    if (other.largest > this.largest) this.largest = other.largest
  }

  clear(): void {
    if (this.total === 0) return
    this.counts.fill(0)
    this.total = 0
    this.sum = 0
    this.largest = 0
  }

  /**
   * A value up to 1/16 below a bound may count above it, never the other way round.
   * @param bounds inclusive upper bounds in milliseconds, ascending
   */
  bucketsBy(bounds: ReadonlyArray<number>): LatencyBuckets {
    const counts = Array.from({ length: bounds.length + 1 }, () => 0)
    let at = 0
    for (let i = 0; i < buckets; i++) {
      while (at < bounds.length && highestOf(i) > bounds[at]!) at += 1
      counts[at] = counts[at]! + this.counts[i]!
    }
    return { counts, count: this.total, sum: this.sum }
  }

  /** @param share 0 to 1 */
  quantile(share: number): number | undefined {
    if (this.total === 0) return undefined
    let left = Math.max(1, Math.ceil(share * this.total))
    for (let i = 0; i < buckets; i++) {
      left -= this.counts[i]!
      if (left <= 0) return Math.min(highestOf(i), this.largest)
    }
    return this.largest
  }

  summary(): LatencySummary {
    return {
      count: this.total,
      p50: this.quantile(0.5),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: this.total === 0 ? undefined : this.largest
    }
  }
}

const slots = 6

/** The latencies of the last six slots: of the last minute when nothing else is said. */
export class LatencyWindow {
  private readonly slotMillis: number
  private readonly ring = Array.from({ length: slots }, () => new LatencyHistogram())
  private newest = Number.NEGATIVE_INFINITY

  constructor(slotMillis = 10_000) {
    this.slotMillis = slotMillis
  }

  record(now: number, millis: number, weight: number): void {
    this.turn(now)
    this.ring[this.newest % slots]!.record(millis, weight)
  }

  /** All that is remembered, as one. */
  whole(now: number): LatencyHistogram {
    this.turn(now)
    const all = new LatencyHistogram()
    for (const slot of this.ring) all.add(slot)
    return all
  }

  summary(now: number): LatencySummary {
    return this.whole(now).summary()
  }

  private turn(now: number): void {
    const slot = Math.floor(now / this.slotMillis)
    if (slot <= this.newest) return
    const from = Math.max(this.newest + 1, slot - slots + 1)
    for (let i = Math.max(0, from); i <= slot; i++) this.ring[i % slots]!.clear()
    this.newest = slot
  }
}
