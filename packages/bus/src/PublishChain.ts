/**
 * Publishes many messages into one stream, in order, with one acknowledgement.
 *
 * Guarantee: resolves with the last sequence once the stream has stored everything, in order and without gaps. With an
 * expected last sequence the first message names it, and every other the id of the one before: a stream that another writer
 * moved takes none of those that follow, and what is stored is always a beginning of the chain, next to each other. Rejects
 * with `BusError`: `position_moved` when
 * an expectation failed, else `publish_failed`; then a beginning may be stored, and a writer with an expectation finds out
 * how much by reading the position again. (Atomic batches cost the server three times as much, and a small one ten times.)
 */
import type { Msg, MsgHdrs, NatsConnection } from "@nats-io/nats-core"
import { randomBytes } from "node:crypto"
import { BusError } from "./BusError.ts"

/** Milliseconds to wait for the stream's answer. A chain takes about ten; a leader election takes seconds. */
const answerTimeoutMillis = 5_000

export interface ChainMessage {
  readonly subject: string
  readonly payload: string | Uint8Array
}

interface PubAck {
  readonly seq?: number
  readonly error?: { readonly err_code?: number; readonly description?: string }
}

/**
 * @param stream named in errors
 * @param messages one or more, all on subjects of that stream
 * @param expectedLastSequence of the stream at this moment
 */
export const publishChain = async (
  connection: NatsConnection,
  stream: string,
  messages: ReadonlyArray<ChainMessage>,
  expectedLastSequence?: number
): Promise<number> => {
  const last = messages.length - 1
  if (last < 0) throw failed(stream, new RangeError("a chain has one or more messages"))
  const chain = expectedLastSequence === undefined ? undefined : randomBytes(9).toString("base64url")
  const linked = (i: number) => (chain === undefined ? {} : linkOf(chain, i, expectedLastSequence!))
  try {
    for (let i = 0; i < last; i++) {
      const { subject, payload } = messages[i]!
      connection.publish(subject, payload, linked(i))
    }
    const { subject, payload } = messages[last]!
    const options = { timeout: answerTimeoutMillis, ...linked(last) }
    return sequenceOf(stream, await connection.request(subject, payload, options))
  } catch (cause) {
    throw cause instanceof BusError ? cause : failed(stream, cause)
  }
}

/** The client's own header object costs four times as much as the rest of a publish; all it is asked for is its bytes. */
const linkOf = (chain: string, i: number, expected: number): { readonly headers: MsgHdrs } => {
  // a sequence alone would do for the first only: another writer's message may have taken the place of the one before
  const before = i === 0 ? `Nats-Expected-Last-Sequence: ${expected}` : `Nats-Expected-Last-Msg-Id: ${chain}${i - 1}`
  const lines = `NATS/1.0\r\nNats-Msg-Id: ${chain}${i}\r\n${before}\r\n\r\n`
  return { headers: { encode: () => Buffer.from(lines, "latin1") } as unknown as MsgHdrs }
}

/** Codes of JetStream's API for "wrong last sequence", with and without the sequence in the text, and "wrong last msg ID". */
const wrongLast: ReadonlySet<number | undefined> = new Set([10071, 10164, 10070])

const sequenceOf = (stream: string, answer: Msg): number => {
  const { error, seq } = answer.json<PubAck>()
  if (error !== undefined) {
    const cause = new Error(`${error.description} (${error.err_code})`)
    if (wrongLast.has(error.err_code)) throw new BusError({ reason: "position_moved", detail: stream, cause })
    throw failed(stream, cause)
  }
  if (seq === undefined) throw failed(stream, new Error("the stream named no sequence"))
  return seq
}

const failed = (stream: string, cause: unknown): BusError =>
  new BusError({ reason: "publish_failed", detail: stream, cause })
