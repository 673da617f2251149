/**
 * The one read-back at a time that no push waits for: reconciliation reads with it what pushes leave of the lane.
 *
 * Guarantee: it begins only when nothing waits, and gives its place up to a push that needs it. It reads nothing itself.
 */
import type { OutputLane } from "./OutputLane.ts"
import type { OutputQueue } from "./OutputQueue.ts"

export interface LeftoverParts {
  readonly lane: OutputLane
  readonly queue: OutputQueue
  /** whether the channel is to be asked anything */
  readonly isRunning: () => boolean
  /** its place is free: something else may begin */
  readonly ended: () => void
}

export class Leftover {
  private readonly parts: LeftoverParts
  /** ends what is under way */
  private giveWay: (() => void) | undefined

  constructor(parts: LeftoverParts) {
    this.parts = parts
  }

  /** When one may begin, milliseconds since the epoch. `Infinity`: not while this lasts. */
  at(now: number): number {
    const { isRunning, lane, queue } = this.parts
    const isFree = isRunning() && this.giveWay === undefined && !queue.isAwaited
    return isFree ? lane.leftoverAt(now) : Number.POSITIVE_INFINITY
  }

  /** It begins. @param giveWay called when a push needs its place: it has ended then */
  begin(now: number, giveWay: () => void): void {
    this.parts.lane.beginLeftover(now)
    this.giveWay = giveWay
  }

  /** It ended, unless it gave way before. */
  end(): void {
    if (this.giveWay === undefined) return
    this.leave()
    this.parts.ended()
  }

  private leave(): void {
    this.giveWay = undefined
    this.parts.lane.end()
  }

  /** Gives its place to a push that needs it. @returns whether there is room that was not */
  makeRoom(): boolean {
    const { giveWay } = this
    const { lane, queue } = this.parts
    if (giveWay === undefined || !lane.isFull || !queue.isAwaited) return false
    this.leave()
    giveWay()
    return true
  }
}
