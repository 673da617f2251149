/**
 * Tells the world what was committed: publishes availability to the AVAILABILITY stream.
 *
 * Guarantee: at least once, the newest of each SKU last. While one batch is under way newer announcements of a SKU replace
 * older ones that wait, keeping their events; while the engine catches up they are gathered for longer. What was not
 * announced when the process died is found in the outbox by the next owner. It decides nothing.
 */
import { encodeAvailability } from "@holdfast/bus/AvailabilityMessage"
import { Pace } from "@holdfast/bus/Pace"
import { availabilitySubject } from "@holdfast/bus/Subject"
import { mergeAvailability, type Availability } from "@holdfast/domain/Availability"
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
export type PublishAll = (
  messages: ReadonlyArray<{ readonly subject: string; readonly payload: string }>
) => Promise<unknown>

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

export class Announcer {
  private waiting = new Map<string, Availability>()
  /** commits that are announced once what waits now is published */
  private reached = new Map<StockPartition, number>()
  private readonly publish: PublishAll
  private signal: (() => void) | undefined
  private closed = false
  /** whatever the last commit was about had waited for long */
  private catchingUp = false
  private readonly pace = new Pace(announcePaceMillis)

  constructor(publish: PublishAll) {
    this.publish = publish
  }

  /** Adds what a batch committed. @param committedAt milliseconds since the epoch */
  announce({ announcements, commitNumbers }: DecisionBatch, committedAt: number): void {
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
  recover(availability: Availability): void {
    this.add(availability)
    this.wake()
  }

  /** Runs until `close`, then publishes what is left. Never rejects: a publish that fails is tried again. */
  async run(): Promise<void> {
    while (!this.closed || this.waiting.size > 0) {
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
    return this.waiting.size === 0 && this.reached.size === 0
  }

  private async publishWaiting(): Promise<void> {
    const { waiting, reached } = this
    this.waiting = new Map()
    this.reached = new Map()
    const all = [...waiting.values()]
    for (let from = 0; from < all.length; from += announceBatchMax) {
      await this.publishUntilStored(all.slice(from, from + announceBatchMax))
    }
    for (const [partition, commitNo] of reached) partition.announcedNo = Math.max(partition.announcedNo, commitNo)
  }

  private async publishUntilStored(part: ReadonlyArray<Availability>): Promise<void> {
    const messages = part.map((one) => ({ subject: availabilitySubject(one.sku), payload: encodeAvailability(one) }))
    for (;;) {
      try {
        await this.publish(messages)
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
