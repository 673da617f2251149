/**
 * Asks for a reservation, of one SKU or several, or something of one: to confirm, release, extend, pin or unpin it; or what
 * there is of a SKU, or what happened to it.
 *
 * Guarantee: every attempt of a call carries the same idempotency key, so whatever is heard was decided once. `busy` means
 * that nothing was decided; `unknown` that something may have been: only asking again with the same key finds out. A call
 * never takes silence for a denial.
 */
import { header, requestSubject } from "@holdfast/bus/Subject"
import {
  requestSchemas,
  type AvailabilityAnswer,
  type NoAnswer,
  type RequestVerb,
  type ReservationAnswer
} from "@holdfast/domain/Reservation"
import { ReserveLinesRequest, type GroupAnswer } from "@holdfast/domain/ReservationGroup"
import type { HistoryAnswer } from "@holdfast/domain/StockHistory"
import { errors, headers, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core"
import type { Schema } from "effect"
import { checked } from "./Checked.ts"
import { InvalidInput } from "./ClientError.ts"
import { deadlineMillisDefault } from "./ClientLimit.ts"
import { Patience } from "./Patience.ts"

/** What may be asked: the verbs of `requestSchemas`, and a reservation of several SKUs. */
const asking = {
  reserve: ["reserve", requestSchemas.reserve],
  reserveLines: ["reserve", ReserveLinesRequest],
  confirm: ["confirm", requestSchemas.confirm],
  release: ["release", requestSchemas.release],
  extend: ["extend", requestSchemas.extend],
  pin: ["pin", requestSchemas.pin],
  unpin: ["unpin", requestSchemas.unpin],
  availability: ["availability", requestSchemas.availability],
  history: ["history", requestSchemas.history]
} as const satisfies Record<string, readonly [RequestVerb, Schema.Top]>

export type Call = keyof typeof asking

/** What each call asks; ids are plain text. `key` names the request: the same key means the same request, for at least a day. */
export type Asked<C extends Call> = (typeof asking)[C][1]["Encoded"]

/** Who answers each call, and what it hears when it is done. A reservation may be of one SKU or of several. */
interface Done {
  readonly reserve: [ReservationAnswer, "granted"]
  readonly reserveLines: [GroupAnswer, "granted"]
  readonly confirm: [ReservationAnswer | GroupAnswer, "confirmed"]
  readonly release: [ReservationAnswer | GroupAnswer, "released"]
  readonly extend: [ReservationAnswer | GroupAnswer, "extended"]
  readonly pin: [ReservationAnswer | GroupAnswer, "pinned"]
  readonly unpin: [ReservationAnswer | GroupAnswer, "unpinned"]
  readonly availability: [AvailabilityAnswer | ReservationAnswer, "available"]
  readonly history: [HistoryAnswer | ReservationAnswer, "history"]
}

/** Nobody decided until the deadline. */
export type Undecided =
  /** nothing was done: the SKU's partition is full or changing hands, or no engine runs */
  | { readonly status: "busy" }
  /** it may have been done: ask again with the same key */
  | { readonly status: "unknown"; readonly message: string }

/** Those of `A` that may have the status `S`, with no other. */
type Saying<A, S> = A extends { readonly status: infer T }
  ? [S & T] extends [never]
    ? never
    : { readonly [K in keyof A]: K extends "status" ? S & T : A[K] }
  : never

/** What each call may hear. Times are milliseconds since the epoch, by the database's clock. */
export type Answer<C extends Call> = Saying<Done[C][0], Done[C][1] | "denied"> | Undecided

export interface CallOptions {
  /** W3C trace context of the caller */
  readonly traceparent?: string
  /** milliseconds after which the call gives up with `busy` or `unknown`; 10,000 unless given */
  readonly deadlineMillis?: number
}

type Heard = Done[Call][0] | NoAnswer | { readonly status: "unheard" }

const headersOf = (traceparent: string | undefined): { readonly headers?: MsgHdrs } => {
  if (traceparent === undefined) return {}
  const all = headers()
  all.set(header.traceparent, traceparent)
  return { headers: all }
}

/** What one attempt heard. Silence may hide a decision; that nobody was there to hear the question cannot. */
const attempt = async (
  connection: NatsConnection,
  subject: string,
  payload: string,
  options: { readonly timeout: number; readonly headers?: MsgHdrs }
): Promise<Heard> => {
  try {
    return (await connection.request(subject, payload, options)).json<Heard>()
  } catch (cause) {
    if (cause instanceof errors.RequestError && cause.isNoResponders()) return { status: "unheard" }
    return { status: "unknown", message: cause instanceof Error ? cause.message : String(cause) }
  }
}

/** Rejects with `InvalidInput`, also when the key belongs to another request. */
export const ask = async <C extends Call>(
  connection: NatsConnection,
  call: C,
  asked: Asked<C>,
  { traceparent, deadlineMillis = deadlineMillisDefault }: CallOptions = {}
): Promise<Answer<C>> => {
  const [verb, schema] = asking[call]
  const payload = JSON.stringify(checked<unknown, unknown>("request", schema, asked))
  const beside = headersOf(traceparent)
  const patience = new Patience(deadlineMillis)
  let undecided: Undecided = { status: "busy" }
  while (true) {
    const heard = await attempt(connection, requestSubject(verb), payload, { timeout: patience.attempt, ...beside })
    if (heard.status === "invalid") throw new InvalidInput(heard.errors)
    if (heard.status === "key_reused") throw new InvalidInput([{ field: "request.key", message: heard.message }])
    if (heard.status !== "busy" && heard.status !== "unheard" && heard.status !== "unknown") return heard as Answer<C>
    // once it may have been done, being turned away does not say that it was not
    if (heard.status === "unknown") undecided = heard
    const asksFor = heard.status === "busy" ? heard.retryAfterMillis : undefined
    if (connection.isClosed() || !(await patience.pause(asksFor))) return undecided
  }
}
