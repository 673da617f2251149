/** The points that an app may spend on a shop's API: they come back by the second. */

export class CostBucket {
  readonly maximumAvailable = 2_000
  readonly restoreRate = 100
  private points = this.maximumAvailable
  private at = Date.now()

  get status() {
    const { maximumAvailable, restoreRate } = this
    return { maximumAvailable, currentlyAvailable: Math.floor(this.available()), restoreRate }
  }

  take(cost: number): boolean {
    const available = this.available()
    if (available < cost) return false
    this.points = available - cost
    return true
  }

  /** Somebody else spent all but these. */
  leave(points: number): void {
    this.points = points
    this.at = Date.now()
  }

  private available(): number {
    const now = Date.now()
    this.points = Math.min(this.maximumAvailable, this.points + ((now - this.at) / 1_000) * this.restoreRate)
    this.at = now
    return this.points
  }
}
