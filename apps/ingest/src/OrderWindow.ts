/**
 * What is said of orders by facts that the engine has not committed yet: those that wait, and those in STOCK.
 *
 * An order's record is in the ledger once its facts are committed. Between ingest and there it is here.
 * Guarantee: an entry stays until every fact of its event, and of all events before it, is below the applied sequence of its
 * partition. Memory is bounded: beyond `windowMax` the oldest are forgotten, and `isWhole` says when that no longer
 * matters. It does no I/O.
 */
import { partitions } from "@holdfast/domain/Limit"
import type { OrderId } from "@holdfast/domain/Identity"
import type { OrderEntry } from "./Completion.ts"
import { windowMax } from "./IngestLimit.ts"

/** A message of STOCK. */
export interface StockPlace {
  readonly partition: number
  readonly sequence: number
}

/** What was written to STOCK at once: where, and what it says of orders. */
export interface WrittenFacts {
  readonly places: ReadonlyArray<StockPlace>
  /** of the events whose last fact is among them */
  readonly entries: ReadonlyArray<OrderEntry>
}

/** Sequence of STOCK up to which each partition is committed. */
export type AppliedSequences = ReadonlyArray<number>

const none: ReadonlyArray<never> = []

export class OrderWindow {
  /** most orders have one; a set, since one that everything names must not cost more with each */
  private readonly byOrder = new Map<OrderId, OrderEntry | Set<OrderEntry>>()
  /** oldest first */
  private written: Array<WrittenFacts> = []
  /** by partition: the last sequence of which something was forgotten */
  private readonly forgotten: Array<number> = new Array(partitions).fill(0)
  private skus = 0
  private places = 0

  /** SKUs that are remembered, each as often as it was said, and the messages that they are in or behind. */
  get size(): number {
    return this.skus + this.places
  }

  /** What is known of one order now. */
  of(orderId: OrderId): ReadonlyArray<OrderEntry> {
    const found = this.byOrder.get(orderId)
    if (found === undefined) return none
    return found instanceof Set ? [...found] : [found]
  }

  /** An event was cut into facts. To be called in the order of events, each before its facts are written. */
  note(entry: OrderEntry): void {
    const found = this.byOrder.get(entry.orderId)
    if (found === undefined) this.byOrder.set(entry.orderId, entry)
    else if (found instanceof Set) found.add(entry)
    else this.byOrder.set(entry.orderId, new Set([found, entry]))
    this.skus += entry.skus.length
  }

  /** Facts were written. @param facts whose entries were noted */
  add(facts: WrittenFacts): void {
    // nobody waits for what is about no order
    if (this.skus === 0) return this.drop(this.written.length)
    this.written.push(facts)
    this.places += facts.places.length
    if (this.size > windowMax) this.forget()
  }

  /** What was in STOCK before anything was added. */
  restore(older: ReadonlyArray<WrittenFacts>, forgotten: ReadonlyArray<StockPlace>): void {
    for (const { entries, places } of older) {
      for (const entry of entries) this.note(entry)
      this.places += places.length
    }
    this.written = [...older, ...this.written]
    for (const place of forgotten) this.forgetPlace(place)
    if (this.size > windowMax) this.forget()
  }

  /** Lets go of what the ledger has now. */
  evict(applied: AppliedSequences): void {
    const isCommitted = ({ places }: WrittenFacts) =>
      places.every(({ partition, sequence }) => sequence <= applied[partition]!)
    const first = this.written.findIndex((facts) => !isCommitted(facts))
    this.drop(first === -1 ? this.written.length : first)
  }

  /** Whether all that was forgotten is in the ledger. */
  isWhole(applied: AppliedSequences): boolean {
    return this.forgotten.every((sequence, partition) => sequence <= applied[partition]!)
  }

  /** More than what is needed: it is not to happen again with every batch. */
  private forget(): void {
    let left = this.size
    let count = 0
    while (count < this.written.length && left > windowMax / 2) {
      const { places, entries } = this.written[count++]!
      for (const place of places) this.forgetPlace(place)
      left -= places.length
      for (const { skus } of entries) left -= skus.length
    }
    this.drop(count)
  }

  private forgetPlace({ partition, sequence }: StockPlace): void {
    this.forgotten[partition] = Math.max(this.forgotten[partition]!, sequence)
  }

  private drop(count: number): void {
    if (count === 0) return
    for (const { entries, places } of this.written.splice(0, count)) {
      for (const entry of entries) this.remove(entry)
      this.places -= places.length
    }
  }

  private remove(entry: OrderEntry): void {
    const found = this.byOrder.get(entry.orderId)
    if (found instanceof Set) found.delete(entry)
    if (found === entry || (found instanceof Set && found.size === 0)) this.byOrder.delete(entry.orderId)
    this.skus -= entry.skus.length
  }
}
