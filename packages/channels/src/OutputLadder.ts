/**
 * The ladder of one output stream at work: looks at what waits and at what the channel admits, and says which rung that means.
 *
 * Only events that the channel was promised count: a first load, or what a restart brings, climbs nothing. While calls fail or the channel
 * is paused, it stays where it is: that is not too much, but something else, with an alert of its own. What the channel admits is what it
 * admitted lately while something waited, and what its definition says otherwise. No I/O; the caller brings the time.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { admittedWeight, ladderClimbMillisOf, ladderLooks, rungChangesMax } from "./ChannelLimit.ts"
import { deadlineLoad, isAtLeast, ladderFoot, type LadderState, type Loads, nextRung, type Rung } from "./Ladder.ts"
import type { OutputLane } from "./OutputLane.ts"
import type { OutputQueue } from "./OutputQueue.ts"
import { isRaise } from "./RaiseFence.ts"

/** Times are milliseconds since the epoch. */
export interface RungChange {
  readonly rung: Rung
  readonly before: Rung
  readonly at: number
}

/** What a look needs to know of the stream. */
export interface LadderView {
  readonly definition: ChannelDefinition
  readonly batchMax: number
  readonly isRunning: boolean
}

const noChanges: ReadonlyArray<RungChange> = []

export class OutputLadder {
  /** at the last look */
  loads: Loads = { all: 0, falls: 0 }
  /** earliest promised deadline of what waited at the last look */
  dueAt = Number.POSITIVE_INFINITY
  private state: LadderState
  private readonly lane: OutputLane
  private readonly queue: OutputQueue
  private changes: Array<RungChange> = []
  private lookedAt: number
  private waited = false
  /** listings that the calls since the last look could take */
  private room = 0
  /** listings per second while something waited; undefined: it did not */
  private seen: number | undefined

  constructor(lane: OutputLane, queue: OutputQueue, now: number) {
    this.lane = lane
    this.queue = queue
    this.state = ladderFoot(now)
    this.lookedAt = now
  }

  get rung(): Rung {
    return this.state.rung
  }

  get since(): number {
    return this.state.since
  }

  has(rung: Rung): boolean {
    return isAtLeast(this.state.rung, rung)
  }

  /** A call left that could take so many listings. */
  called(listings: number): void {
    this.room += listings
  }

  /** So many of a call were not told for the channel's sake. */
  failed(listings: number): void {
    this.room = Math.max(0, this.room - listings)
  }

  /** When to look next, milliseconds since the epoch; `Infinity` while there is nothing to look at. */
  nextAt(budgetMillis: number): number {
    if (this.state.rung === "none" && !this.queue.isAwaited) return Number.POSITIVE_INFINITY
    return this.lookedAt + ladderClimbMillisOf(budgetMillis) / ladderLooks
  }

  /** Looks, when it is time. @returns the change of the rung, if there was one */
  look(view: LadderView, now: number): RungChange | undefined {
    const { budgetMillis } = view.definition
    if (now < this.nextAt(budgetMillis)) return undefined
    this.measure(view, now)
    const isWell = view.isRunning && this.lane.circuit.state === "closed"
    if (!isWell && this.queue.isAwaited) {
      const { rung, since, patience, leftAt } = this.state
      this.state = { rung, since, patience, leftAt }
      return undefined
    }
    this.dueAt = Number.POSITIVE_INFINITY
    const perSecond = this.perSecond(view)
    const loadOf = (deadlines: Iterable<number>) => deadlineLoad({ deadlines, now, budgetMillis, perSecond })
    this.loads = { all: loadOf(this.deadlines(false)), falls: loadOf(this.deadlines(true)) }
    const before = this.state.rung
    this.state = nextRung(this.state, this.loads, now, ladderClimbMillisOf(budgetMillis))
    if (this.state.rung === before) return undefined
    const change = { rung: this.state.rung, before, at: now }
    this.changes = [...this.changes.slice(1 - rungChangesMax), change]
    return change
  }

  private *deadlines(falls: boolean): Iterable<number> {
    for (const listing of this.queue.awaited()) {
      const { due } = listing
      if (due === undefined || (falls && isRaise(listing))) continue
      if (due < this.dueAt) this.dueAt = due
      yield due
    }
  }

  private measure(view: LadderView, now: number): void {
    const waits = this.queue.isAwaited
    const millis = now - this.lookedAt
    // nobody looked for longer: nothing waited then
    const didWait = this.waited && millis <= (2 * ladderClimbMillisOf(view.definition.budgetMillis)) / ladderLooks
    if (!waits || !didWait) this.seen = undefined
    else {
      const before = this.perSecond(view)
      this.seen = before + admittedWeight * ((1_000 * this.room) / millis - before)
    }
    this.waited = waits
    this.room = 0
    this.lookedAt = now
  }

  /** Listings that the channel admits. */
  private perSecond({ batchMax }: LadderView): number {
    return this.seen ?? this.lane.sustained * batchMax
  }

  /** Seconds after which what comes to the queue now is told, if all that waits goes before it. */
  queueSeconds(view: LadderView): number {
    return this.queue.awaitedCount / Math.max(this.perSecond(view), 1 / view.definition.budgetMillis)
  }

  /** Listings that the channel admits in a share of its budget. */
  admittedIn(share: number, view: LadderView): number {
    return (this.perSecond(view) * share * view.definition.budgetMillis) / 1_000
  }

  /** Changes of the rung within a span of time, oldest first; the last `rungChangesMax` are remembered. */
  between(from: number, to: number): ReadonlyArray<RungChange> {
    const last = this.changes.at(-1)
    if (last === undefined || last.at < from) return noChanges
    return this.changes.filter(({ at }) => at >= from && at <= to)
  }
}
