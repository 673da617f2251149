/**
 * Facts of one partition, as they travel together in one message of the STOCK stream.
 *
 * Ingest takes what waits at the front door in batches and writes a batch's facts grouped by partition, partitions rising: a
 * message per fact would cost broker, ingest and engine several times as much as soon as there is anything to catch up with.
 * Guarantee: facts of one partition stay in the order of their events. Every message says where its batch began, where it
 * ends and how many messages of it follow, so that the last message of STOCK tells how far ingest got, wherever it was cut
 * off. It does no I/O.
 */
import type { FieldError } from "@holdfast/domain/EventManifest"
import { partitions } from "@holdfast/domain/Limit"
import { partitionOf } from "@holdfast/domain/Partition"
import { Result } from "effect"
import { encodeFact, type FactMessage } from "./FactMessage.ts"
import type { ChainMessage } from "./PublishChain.ts"
import { factSubject } from "./Subject.ts"

/** Facts in one message. More would make a partition's neighbours wait for its share of a commit. */
export const batchedFactsMax = 128

/** Characters of facts in one message, beyond which no further fact is added: the broker takes a megabyte. */
const batchedCharactersMax = 256 * 1024

/** How far a reader of EVENTS got. */
export interface EventPosition {
  /** of the last event in EVENTS of which there is a fact; 0 when there is none */
  readonly sequence: number
  /** how many of that event's facts there are, 0 for all of them */
  readonly part: number
  /** milliseconds since the epoch at which the broker stored that event; 0 when there is none */
  readonly storedAt: number
}

export const startOfEvents: EventPosition = { sequence: 0, part: 0, storedAt: 0 }

export interface FactBatch {
  /** all facts of events up to here are in earlier batches */
  readonly after: EventPosition
  /** the batch is complete when all facts up to here are stored */
  readonly upTo: EventPosition
  /** messages of the same batch that follow this one */
  readonly rest: number
  /** each as `encodeFact` writes it */
  readonly facts: ReadonlyArray<unknown>
}

/** Where a fact is in EVENTS. */
export const positionOf = ({ fact, context }: FactMessage): EventPosition => ({
  sequence: context.eventSequence,
  part: context.part === fact.parts ? 0 : context.part,
  storedAt: context.storedAt
})

/**
 * The messages of one batch, in the order in which they must be stored.
 * @param facts in the order of their events
 */
export const encodeFactBatch = (
  facts: ReadonlyArray<FactMessage>,
  after: EventPosition,
  upTo: EventPosition
): ReadonlyArray<ChainMessage> => {
  const groups: Array<{ readonly partition: number; readonly texts: ReadonlyArray<string> }> = []
  const byPartition: Array<Array<string> | undefined> = []
  for (const { fact, context } of facts) (byPartition[partitionOf(fact.sku)] ??= []).push(encodeFact(fact, context))
  for (let partition = 0; partition < partitions; partition++)
    for (const texts of chunksOf(byPartition[partition] ?? [])) groups.push({ partition, texts })
  const frame = `{"after":${JSON.stringify(after)},"upTo":${JSON.stringify(upTo)},"rest":`
  return groups.map(({ partition, texts }, i) => ({
    subject: factSubject(partition),
    payload: `${frame}${groups.length - 1 - i},"facts":[${texts.join(",")}]}`
  }))
}

const chunksOf = (texts: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const chunks: Array<Array<string>> = []
  let room = 0
  let chunk: Array<string> = []
  for (const text of texts) {
    if (chunk.length === 0 || chunk.length >= batchedFactsMax || room < text.length) {
      chunks.push((chunk = []))
      room = batchedCharactersMax
    }
    chunk.push(text)
    room -= text.length
  }
  return chunks
}

const isPosition = (value: unknown): value is EventPosition => {
  if (typeof value !== "object" || value === null) return false
  const { sequence, part, storedAt } = value as Record<string, unknown>
  return Number.isInteger(sequence) && Number.isInteger(part) && Number.isInteger(storedAt)
}

/** Says what is wrong when it was not written by `encodeFactBatch`. The facts are not looked at. */
export const decodeFactBatch = (payload: string): Result.Result<FactBatch, ReadonlyArray<FieldError>> => {
  let json: unknown
  try {
    json = JSON.parse(payload)
  } catch (cause) {
    return Result.fail([
      { field: "payload", message: `must be JSON: ${cause instanceof Error ? cause.message : cause}` }
    ])
  }
  const { after, upTo, rest, facts } = (typeof json === "object" && json !== null ? json : {}) as Partial<FactBatch>
  if (!isPosition(after) || !isPosition(upTo) || !Number.isInteger(rest) || !Array.isArray(facts) || facts.length === 0)
    return Result.fail([{ field: "payload", message: "must be a batch of facts as ingest writes them" }])
  return Result.succeed(json as FactBatch)
}
