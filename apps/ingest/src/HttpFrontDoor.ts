/**
 * The front door over HTTP, as routes that are merged with others onto one server.
 *
 * - `POST /v1/events`: one CloudEvent as JSON (structured, binary or bare), or many as newline-delimited JSON, answered line
 *   by line while they arrive.
 * - `GET /v1/parked`: what waits to be corrected.
 * - `GET /healthz`: whether the front door can accept.
 *
 * Guarantee: an event is answered after the broker has stored it, or refused with the fields that are wrong. The guard
 * (`HttpGuard`) is put on the whole server by whoever composes it.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { header } from "@holdfast/bus/Subject"
import { payloadBytesMax } from "@holdfast/domain/Limit"
import { Database, query } from "@holdfast/ledger/Database"
import * as Parked from "@holdfast/ledger/Parked"
import { Effect, Layer, Result, Stream } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { offerEvent, rejection, type OfferAnswer, type OfferedEvent } from "./EventDoor.ts"
import { healthPath } from "./HttpGuard.ts"
import { healthMillis, requestLinesMax, retryAfterSeconds } from "./IngestLimit.ts"
import { LineSplitter, type Line } from "./LineSplitter.ts"
import { parkedQueryOf } from "./ParkedQuery.ts"
import { refuse } from "./Refusal.ts"
import { bodyBytes } from "./RequestBody.ts"

type Request = HttpServerRequest.HttpServerRequest
type Nats = NatsConnection["Service"]

const encodings = ["application/json", "application/cloudevents+json", "application/x-ndjson"] as const

const encodingOf = (request: Request): (typeof encodings)[number] | undefined => {
  const type = request.headers["content-type"]?.split(";", 1)[0]!.trim().toLowerCase()
  return encodings.find((encoding) => encoding === type)
}

const postEvents = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const nats = yield* NatsConnection
  const encoding = encodingOf(request)
  if (encoding === undefined)
    return refuse(415, [{ field: "content-type", message: `must be ${encodings.join(", ")}` }])
  if ((request.headers["content-encoding"] ?? "identity") !== "identity") {
    return refuse(415, [{ field: "content-encoding", message: "must be absent: bodies are not compressed" }])
  }
  return encoding === "application/x-ndjson" ? manyEvents(nats, request) : yield* oneEvent(nats, request)
})

const oneEvent = Effect.fnUntraced(function* (nats: Nats, request: Request) {
  const body = yield* bodyBytes(request, "payload")
  if (Result.isFailure(body)) return body.failure
  const offered = { ...beside(request), payload: body.success }
  return responseTo(yield* Effect.promise(() => offerEvent(nats, offered, Date.now())))
})

const beside = ({ headers }: Request): Omit<OfferedEvent, "payload"> => ({
  attributes: Object.entries(headers).filter(
    ([name]) => name.startsWith(header.cloudEventPrefix) || name === header.contentType
  ) as ReadonlyArray<readonly [string, string]>,
  traceparent: headers["traceparent"]
})

const responseTo = (answer: OfferAnswer) => {
  switch (answer.status) {
    case "accepted":
    case "duplicate":
      return HttpServerResponse.jsonUnsafe(answer, { status: 202 })
    case "rejected":
      return refuse(answer.reason === "too_large" ? 413 : 422, answer.errors)
    case "unknown":
      return refuse(503, answer.errors, { "retry-after": String(retryAfterSeconds) })
  }
}

/** Answers never wait for the client to read them: one that reads only after its last line must not stop itself. */
const manyEvents = (nats: Nats, request: Request) => {
  const splitter = new LineSplitter()
  const { traceparent } = request.headers
  const answers = request.stream.pipe(
    Stream.map((chunk) => splitter.push(chunk)),
    Stream.concat(Stream.sync(() => splitter.end())),
    Stream.takeUntil((lines) => lines.some(({ number }) => number > requestLinesMax)),
    Stream.filter((lines) => lines.length > 0),
    Stream.mapEffect((lines) => Effect.promise(() => answerLines(nats, lines, traceparent)), { concurrency: 2 }),
    Stream.buffer({ capacity: "unbounded" }),
    Stream.encodeText
  )
  return HttpServerResponse.stream(answers, { contentType: "application/x-ndjson" })
}

const answerLines = async (
  nats: Nats,
  lines: ReadonlyArray<Line>,
  traceparent: string | undefined
): Promise<string> => {
  const now = Date.now()
  const read = lines.filter(({ number }) => number <= requestLinesMax + 1)
  const answers = await Promise.all(read.map((line) => answerLine(nats, line, traceparent, now)))
  return answers.map((answer, i) => `${JSON.stringify({ line: read[i]!.number, ...answer })}\n`).join("")
}

const answerLine = async (
  nats: Nats,
  line: Line,
  traceparent: string | undefined,
  now: number
): Promise<OfferAnswer> => {
  if (line.number > requestLinesMax) {
    const message = `must be at most ${requestLinesMax} lines; this one and those after it were not read`
    return rejection({ reason: "too_large", errors: [{ field: "line", message }] })
  }
  const { bytes: payload, length } = line
  if (payload !== undefined) return offerEvent(nats, { payload, attributes: [], traceparent }, now)
  const message = `must be at most ${payloadBytesMax} bytes, got ${length}`
  return rejection({ reason: "too_large", errors: [{ field: "payload", message }] })
}

const getParked = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { sql } = yield* Database
  const asked = parkedQueryOf(new URL(request.url, "http://localhost").searchParams)
  if (Result.isFailure(asked)) return refuse(422, asked.failure)
  const parked = yield* Effect.result(query(() => Parked.list(sql, asked.success)))
  if (Result.isFailure(parked)) {
    yield* Effect.logWarning(`parked messages cannot be listed: ${parked.failure.message}`)
    return refuse(503, [{ field: "database", message: "does not answer" }], {
      "retry-after": String(retryAfterSeconds)
    })
  }
  return HttpServerResponse.jsonUnsafe({ parked: parked.success })
})

const getHealth = Effect.gen(function* () {
  const { connection } = yield* NatsConnection
  const { sql } = yield* Database
  const [nats, database] = yield* Effect.all(
    [isWell(() => connection.rtt()), isWell(async () => void (await sql`select 1`))],
    { concurrency: 2 }
  )
  return HttpServerResponse.jsonUnsafe(
    { status: nats ? "ok" : "unavailable", nats, database },
    { status: nats ? 200 : 503 }
  )
})

const isWell = (ask: () => Promise<unknown>): Effect.Effect<boolean> =>
  Effect.tryPromise(ask).pipe(Effect.timeout(healthMillis), Effect.isSuccess)

/** The routes; merge them with others and serve them behind `HttpGuard.layer`. */
export const routes: Layer.Layer<never, never, HttpRouter.HttpRouter | NatsConnection | Database> = Layer.unwrap(
  Effect.map(Effect.context<NatsConnection | Database>(), (context) =>
    HttpRouter.addAll([
      HttpRouter.route("POST", "/v1/events", Effect.provideContext(postEvents, context)),
      HttpRouter.route("GET", "/v1/parked", Effect.provideContext(getParked, context)),
      HttpRouter.route("GET", healthPath, Effect.provideContext(getHealth, context))
    ])
  )
)
