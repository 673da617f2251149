/**
 * What is said of orders by facts that were in STOCK before this ingest began and that the engine has not committed.
 *
 * Guarantee: reads STOCK once, from the first message that its partition has not applied, and no more than
 * `restoredMessagesMax` messages; what is older is named as forgotten, per partition. Rejects with what the client threw.
 */
import { decodeFactBatch } from "@holdfast/bus/FactBatch"
import { decodeFact } from "@holdfast/bus/FactMessage"
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { stockStream } from "@holdfast/bus/StreamTopology"
import { factSubject } from "@holdfast/bus/Subject"
import { partitions } from "@holdfast/domain/Limit"
import { DeliverPolicy, type Consumer, type JetStreamManager } from "@nats-io/jetstream"
import { Result, type Context } from "effect"
import { entryOf } from "./Completion.ts"
import { restoredMessagesMax, restoreMillis } from "./IngestLimit.ts"
import type { AppliedSequences, StockPlace, WrittenFacts } from "./OrderWindow.ts"

export interface UncommittedFacts {
  /** oldest first */
  readonly facts: ReadonlyArray<WrittenFacts>
  /** the last message of each partition that is not read though it may not be committed */
  readonly forgotten: ReadonlyArray<StockPlace>
}

const allPartitions: ReadonlyArray<number> = Array.from({ length: partitions }, (_, partition) => partition)

const partitionOfSubject: ReadonlyMap<string, number> = new Map(
  allPartitions.map((partition) => [factSubject(partition), partition])
)

/** Where a message of STOCK is. @returns undefined when it is of no partition */
export const placeOf = (subject: string, sequence: number): StockPlace | undefined => {
  const partition = partitionOfSubject.get(subject)
  return partition === undefined ? undefined : { partition, sequence }
}

type Nats = Context.Service.Shape<typeof NatsConnection>

/** @param upTo last sequence that was in STOCK */
export const readUncommitted = async (
  nats: Nats,
  applied: AppliedSequences,
  upTo: number
): Promise<UncommittedFacts> => {
  const last = await lastSequences(nats.manager)
  const open = allPartitions.filter((partition) => applied[partition]! < Math.min(last[partition]!, upTo))
  if (open.length === 0) return { facts: [], forgotten: [] }
  const first = Math.min(...open.map((partition) => applied[partition]!)) + 1
  const from = Math.max(first, upTo - restoredMessagesMax + 1)
  const forgotten = open
    .filter((partition) => applied[partition]! < from - 1)
    .map((partition) => ({ partition, sequence: Math.min(last[partition]!, from - 1) }))
  return { facts: await readFacts(nats, applied, from, upTo), forgotten }
}

/** Of each partition; 0 when it has no message. */
const lastSequences = (manager: JetStreamManager): Promise<ReadonlyArray<number>> =>
  Promise.all(
    allPartitions.map(async (partition) => {
      const message = await manager.streams.getMessage(stockStream, { last_by_subj: factSubject(partition) })
      return message?.seq ?? 0
    })
  )

const readFacts = async (
  nats: Nats,
  applied: AppliedSequences,
  from: number,
  upTo: number
): Promise<ReadonlyArray<WrittenFacts>> => {
  const consumer = await nats.jetstream.consumers.get(stockStream, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from
  })
  const facts: Array<WrittenFacts> = []
  try {
    let seen = from - 1
    while (seen < upTo) seen = await readSome(consumer, applied, upTo, facts)
  } finally {
    await consumer.delete()
  }
  return facts
}

/** Unlike a consumption without end, it ends by itself when the connection is lost. @returns the last sequence that was read */
const readSome = async (
  consumer: Consumer,
  applied: AppliedSequences,
  upTo: number,
  facts: Array<WrittenFacts>
): Promise<number> => {
  let seen = 0
  for await (const { seq, subject, data } of await consumer.fetch({ max_messages: 1_000, expires: restoreMillis })) {
    seen = seq
    const place = placeOf(subject, seq)
    if (place !== undefined && seq > applied[place.partition]! && seq <= upTo) facts.push(factsAt(place, data))
    if (seq >= upTo) break
  }
  if (seen === 0) throw new Error(`STOCK was not read to sequence ${upTo}`)
  return seen
}

const factsAt = (place: StockPlace, data: Uint8Array): WrittenFacts => {
  const batch = decodeFactBatch(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8"))
  const facts = Result.isSuccess(batch) ? batch.success.facts : []
  const entries = facts.flatMap((json) => {
    const decoded = decodeFact(json)
    const entry = Result.isSuccess(decoded) ? entryOf(decoded.success.fact, [decoded.success.fact]) : undefined
    return entry === undefined ? [] : [entry]
  })
  return { places: [place], entries }
}
