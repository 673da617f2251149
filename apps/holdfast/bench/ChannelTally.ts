/**
 * How the events of a run settled on each channel: from the instant that an event is meant for, which is when it says that it
 * happened, to the channel's acknowledgement.
 *
 * Guarantee: every event counts once per channel; `done` resolves when all have settled on all channels.
 */
import type { SettledEvent } from "@holdfast/channels/EventAccount"
import { setTimeout as wait } from "node:timers/promises"
import { indexOf } from "./Backlog.ts"
import { patienceMillis } from "./BenchLimit.ts"
import { isToZero } from "./ChannelEvents.ts"
import { quantile, sortedOf, type Tail, tailOf } from "./Distribution.ts"

export interface TallyInput {
  readonly run: string
  /** events `from` to `from + count - 1` of `ChannelEvents` */
  readonly from: number
  readonly count: number
  readonly skus: number
}

/** Times are milliseconds. */
export interface ChannelResult {
  readonly tail: Tail
  /** from that instant until the output stream heard of it, and from then to the acknowledgement */
  readonly heard: Tail
  readonly told: Tail
  readonly longest: number
  readonly late: number
  /** of events after which nothing was left */
  readonly zeroes: number
  readonly zeroP99: number
  readonly zeroLongest: number
  /** of these from when the output stream heard of it */
  readonly zeroToldP99: number
}

interface Tally {
  readonly all: Array<number>
  readonly heard: Array<number>
  readonly told: Array<number>
  readonly zeroTold: Array<number>
  readonly toZero: Array<number>
  late: number
}

export class ChannelTally {
  private readonly input: TallyInput
  private readonly tallies: ReadonlyMap<string, Tally>
  private missing: number
  private readonly all = Promise.withResolvers<void>()

  constructor(input: TallyInput, channels: ReadonlyArray<string>) {
    this.input = input
    this.tallies = new Map(
      channels.map((channel) => [channel, { all: [], heard: [], told: [], zeroTold: [], toZero: [], late: 0 }])
    )
    this.missing = input.count * channels.length
  }

  note({ ackAt, channel, event, late, queuedAt }: SettledEvent): void {
    const { count, from, run, skus } = this.input
    const index = indexOf(run, event.id)
    if (index === undefined || index < from || index >= from + count) return
    const tally = this.tallies.get(channel)
    if (tally === undefined) return
    const millis = ackAt - event.occurredAt
    tally.all.push(millis)
    tally.heard.push(queuedAt - event.occurredAt)
    tally.told.push(ackAt - queuedAt)
    if (isToZero(index, skus)) {
      tally.toZero.push(millis)
      tally.zeroTold.push(ackAt - queuedAt)
    }
    if (late) tally.late += 1
    this.missing -= 1
    if (this.missing === 0) this.all.resolve()
  }

  async done(): Promise<Readonly<Record<string, ChannelResult>>> {
    const impatience = new AbortController()
    const tooLate = wait(patienceMillis, undefined, { signal: impatience.signal }).then(() => {
      throw new Error(`${this.missing} events had not settled within ${patienceMillis} ms`)
    })
    tooLate.catch(() => {})
    await Promise.race([this.all.promise, tooLate])
    impatience.abort()
    return Object.fromEntries([...this.tallies].map(([channel, tally]) => [channel, resultOf(tally)]))
  }
}

const resultOf = ({ all, heard, late, told, toZero, zeroTold }: Tally): ChannelResult => {
  const zeroes = sortedOf(toZero)
  return {
    tail: tailOf(all),
    heard: tailOf(heard),
    told: tailOf(told),
    longest: sortedOf(all).at(-1)!,
    late,
    zeroes: zeroes.length,
    zeroP99: quantile(zeroes, 0.99),
    zeroLongest: zeroes.at(-1)!,
    zeroToldP99: quantile(sortedOf(zeroTold), 0.99)
  }
}
