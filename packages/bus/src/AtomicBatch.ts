/**
 * Publishes many messages into one stream so that all of them are stored, or none (ADR-50, `allow_atomic`).
 *
 * Guarantee: resolves with the last sequence once the stream has stored everything, in order and without gaps. With an
 * expected last sequence it stores nothing unless that still is the stream's last: two writers cannot both succeed.
 * Rejects with `BusError`: `position_moved` when that expectation failed, else `publish_failed`; after a time-out it is not
 * known whether the batch was stored, and a writer with an expectation finds out by reading the position again.
 */
import { nuid, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core"
import { BusError } from "./BusError.ts"

/** Messages of one atomic batch: the server's own limit. */
export const batchMessagesMax = 1_000

/** Milliseconds to wait for the stream's answer. A batch takes about ten; a leader election takes seconds. */
const answerTimeoutMillis = 5_000

export interface BatchMessage {
  readonly subject: string
  readonly payload: string | Uint8Array
  /** `name: value` lines, each ended by CR LF, as `headerLine` writes them */
  readonly headers?: string
}

/** One header line. Throws `RangeError` when the value could end the line: it would forge another header. */
export const headerLine = (name: string, value: string | number): string => {
  if (typeof value === "string" && /[\r\n]/.test(value))
    throw new RangeError(`header ${name} must not contain CR or LF`)
  return `${name}: ${value}\r\n`
}

interface PubAck {
  readonly seq?: number
  readonly count?: number
  readonly error?: { readonly err_code?: number; readonly description?: string }
}

/**
 * @param stream named in errors
 * @param messages 1 to `batchMessagesMax`, all on subjects of that stream
 * @param expectedLastSequence of the stream at this moment
 */
export const publishBatch = async (
  connection: NatsConnection,
  stream: string,
  messages: ReadonlyArray<BatchMessage>,
  expectedLastSequence?: number
): Promise<number> => {
  if (messages.length < 1 || messages.length > batchMessagesMax) {
    throw failed(stream, new RangeError(`a batch has 1 to ${batchMessagesMax} messages, got ${messages.length}`))
  }
  const expectation =
    expectedLastSequence === undefined ? "" : `Nats-Expected-Last-Sequence: ${expectedLastSequence}\r\n`
  const answer = await send(connection, messages, expectation).catch((cause) => Promise.reject(failed(stream, cause)))
  return sequenceOf(stream, answer, messages.length)
}

const send = async (
  connection: NatsConnection,
  messages: ReadonlyArray<BatchMessage>,
  expectation: string
): Promise<Msg> => {
  const last = messages[messages.length - 1]!
  const options = { timeout: answerTimeoutMillis, noMux: false }
  if (messages.length === 1) {
    const headers = encoded(expectation + (last.headers ?? ""))
    return connection.request(last.subject, last.payload, headers === undefined ? options : { ...options, headers })
  }
  const batch = `Nats-Batch-Id: ${nuid.next()}\r\nNats-Batch-Sequence: `
  for (let i = 0; i < messages.length - 1; i++) {
    const { subject, payload, headers } = messages[i]!
    const lines = `${batch}${i + 1}\r\n${i === 0 ? expectation : ""}${headers ?? ""}`
    connection.publish(subject, payload, { headers: encoded(lines)! })
  }
  const commit = `${batch}${messages.length}\r\nNats-Batch-Commit: 1\r\n${last.headers ?? ""}`
  return connection.request(last.subject, last.payload, { ...options, headers: encoded(commit)! })
}

/** The client's own header object costs four times as much as the rest of a publish; all it is asked for is its bytes. */
const encoded = (lines: string): MsgHdrs | undefined =>
  lines === "" ? undefined : ({ encode: () => Buffer.from(`NATS/1.0\r\n${lines}\r\n`) } as unknown as MsgHdrs)

/** Codes of JetStream's API for "wrong last sequence", with and without the sequence in the text. */
const wrongLastSequence: ReadonlySet<number | undefined> = new Set([10071, 10164])

const sequenceOf = (stream: string, answer: Msg, count: number): number => {
  let ack: PubAck
  try {
    ack = answer.json<PubAck>()
  } catch (cause) {
    throw failed(stream, cause)
  }
  const { error, seq } = ack
  if (error !== undefined) {
    const cause = new Error(`${error.description} (${error.err_code})`)
    if (wrongLastSequence.has(error.err_code)) throw new BusError({ reason: "position_moved", detail: stream, cause })
    throw failed(stream, cause)
  }
  if (seq === undefined || (count > 1 && ack.count !== count)) {
    throw failed(stream, new Error(`the stream stored ${ack.count ?? 0} of ${count} messages`))
  }
  return seq
}

const failed = (stream: string, cause: unknown): BusError =>
  new BusError({ reason: "publish_failed", detail: stream, cause })
