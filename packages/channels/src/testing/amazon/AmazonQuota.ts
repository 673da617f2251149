/** The requests that an application may send for one seller to one operation: they come back by the second. */

export class AmazonQuota {
  readonly perSecond: number
  private readonly burst: number
  private left: number
  private at = Date.now()

  constructor(perSecond: number, burst: number) {
    this.perSecond = perSecond
    this.burst = burst
    this.left = burst
  }

  take(): boolean {
    const now = Date.now()
    this.left = Math.min(this.burst, this.left + ((now - this.at) / 1_000) * this.perSecond)
    this.at = now
    if (this.left < 1) return false
    this.left -= 1
    return true
  }

  /** Somebody else spent all but these; below none, it takes so much longer until there is one. */
  leave(requests: number): void {
    this.left = requests
    this.at = Date.now()
  }
}
