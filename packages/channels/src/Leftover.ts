/**
 * The one read-back at a time that no push waits for: reconciliation reads with it what pushes leave of the lane.
 *
 * Guarantee: it begins only when nothing waits, and gives its place up to a push that needs it. It reads nothing itself.
 */
import type { OutputLane } from "./OutputLane.ts"
import type { OutputQueue } from "./OutputQueue.ts"

export class Leftover {
  private readonly lane: OutputLane
  private readonly queue: OutputQueue
  /** ends what is under way */
  private giveWay: (() => void) | undefined

  constructor(lane: OutputLane, queue: OutputQueue) {
    this.lane = lane
    this.queue = queue
  }

  /** When one may begin, milliseconds since the epoch. `Infinity`: not while this lasts. */
  at(now: number): number {
    return this.giveWay === undefined && !this.queue.isAwaited ? this.lane.leftoverAt(now) : Number.POSITIVE_INFINITY
  }

  /** It begins. @param giveWay called when a push needs its place: it has ended then */
  begin(now: number, giveWay: () => void): void {
    this.lane.beginLeftover(now)
    this.giveWay = giveWay
  }

  /** It ended, unless it gave way before. @returns whether it had not */
  end(): boolean {
    if (this.giveWay === undefined) return false
    this.giveWay = undefined
    this.lane.end()
    return true
  }

  /** Gives its place to a push that needs it. @returns whether there is room that was not */
  makeRoom(): boolean {
    const { giveWay } = this
    if (giveWay === undefined || !this.lane.isFull || !this.queue.isAwaited) return false
    this.end()
    giveWay()
    return true
  }
}
