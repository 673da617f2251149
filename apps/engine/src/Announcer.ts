/**
 * Tells the world what was committed: publishes availability to the AVAILABILITY stream, and what was oversold to NOTICES.
 *
 * Guarantee: at least once, the newest of each SKU last. While one batch is under way newer announcements of a SKU replace
 * older ones that wait, keeping their events; while the engine catches up they are gathered for longer. What was not
 * announced when the process died is found in the outbox by the next owner. It decides nothing.
 */
import { encodeAvailability } from "@holdfast/bus/AvailabilityMessage"
import { encodeOversold } from "@holdfast/bus/OversoldMessage"
import { Pace } from "@holdfast/bus/Pace"
import type { ChainMessage } from "@holdfast/bus/PublishChain"
import { availabilitySubject } from "@holdfast/bus/Subject"
import { mergeAvailability, type Availability } from "@holdfast/domain/Availability"
import type { OversoldNotice } from "@holdfast/domain/Oversold"
import type { Unannounced } from "@holdfast/ledger/PartitionOwner"
import {
  announceBatchMax,
  announcePaceMillis,
  announceRetryMillis,
  catchUpAgeMillis,
  catchUpGatherMillis
} from "./EngineLimit.ts"
import type { DecisionBatch } from "./DecisionBatch.ts"
import type { StockPartition } from "./StockPartition.ts"

/** Publishes messages in order; resolves when the server has stored them all. */
export type PublishAll = (messages: ReadonlyArray<ChainMessage>) => Promise<unknown>

const messageOf = (availability: Availability): ChainMessage => ({
  subject: availabilitySubject(availability.sku),
  payload: encodeAvailability(availability)
})

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

export class Announcer {
  private waiting = new Map<string, Availability>()
  private notices: Array<OversoldNotice> = []
  /** commits that are announced once what waits now is published */
  private reached = new Map<StockPartition, number>()
  private readonly publish: PublishAll
  private readonly notify: PublishAll
  private signal: (() => void) | undefined
  private closed = false
  /** whatever the last commit was about had waited for long */
  private catchingUp = false
  private readonly pace = new Pace(announcePaceMillis)

  constructor(publish: PublishAll, notify: PublishAll) {
    this.publish = publish
    this.notify = notify
  }

  /** Adds what a batch committed. @param committedAt milliseconds since the epoch */
  announce({ announcements, commitNumbers, oversold }: DecisionBatch, committedAt: number): void {
    for (const notice of oversold) this.notices.push({ ...notice, committedAt })
    for (const [partition, commitNo] of commitNumbers) this.reached.set(partition, commitNo)
    const old = committedAt - catchUpAgeMillis
    let fresh = announcements.length === 0
    for (const availability of announcements) {
      availability.committedAt = committedAt
      // an expiry has no event, and is news
      fresh ||= availability.events.length === 0
      for (const event of availability.events) {
        event.committedAt = committedAt
        fresh ||= event.storedAt > old
      }
      this.add(availability)
    }
    this.catchingUp = !fresh
    this.wake()
  }

  /** Adds what an earlier owner committed and may not have announced. */
  recover({ availabilities, oversold }: Unannounced): void {
    for (const availability of availabilities) this.add(availability)
    this.notices.push(...oversold)
    this.wake()
  }

  /** Runs until `close`, then publishes what is left. Never rejects: a publish that fails is tried again. */
  async run(): Promise<void> {
    while (!this.closed || this.waiting.size > 0 || this.notices.length > 0) {
      if (this.isIdle()) await this.idle()
      if (this.catchingUp && !this.closed) await pause(catchUpGatherMillis)
      await this.pace.turn()
      await this.publishWaiting()
    }
  }

  close(): void {
    this.closed = true
    this.wake()
  }

  private add(availability: Availability): void {
    const older = this.waiting.get(availability.sku)
    if (older === undefined) this.waiting.set(availability.sku, availability)
    else if (older.version <= availability.version)
      this.waiting.set(availability.sku, mergeAvailability(older, availability))
  }

  private isIdle(): boolean {
    return this.waiting.size === 0 && this.reached.size === 0 && this.notices.length === 0
  }

  private async publishWaiting(): Promise<void> {
    const { waiting, reached, notices } = this
    this.waiting = new Map()
    this.reached = new Map()
    this.notices = []
    const all = [...waiting.values()]
    for (let from = 0; from < all.length; from += announceBatchMax) {
      await this.untilStored(this.publish, all.slice(from, from + announceBatchMax).map(messageOf))
    }
    for (let from = 0; from < notices.length; from += announceBatchMax) {
      await this.untilStored(this.notify, notices.slice(from, from + announceBatchMax).map(encodeOversold))
    }
    for (const [partition, commitNo] of reached) partition.announcedNo = Math.max(partition.announcedNo, commitNo)
  }

  private async untilStored(publish: PublishAll, messages: ReadonlyArray<ChainMessage>): Promise<void> {
    for (;;) {
      try {
        await publish(messages)
        return
      } catch {
        // at shutdown the outbox keeps what could not be said
        if (this.closed) return
        await pause(announceRetryMillis)
      }
    }
  }

  private wake(): void {
    const signal = this.signal
    this.signal = undefined
    signal?.()
  }

  private idle(): Promise<void> {
    return new Promise((resolve) => {
      this.signal = resolve
      if (this.closed || !this.isIdle()) this.wake()
    })
  }
}
