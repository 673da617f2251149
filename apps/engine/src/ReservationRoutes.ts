/**
 * Reservations over HTTP, as routes that are merged with others onto one server: `POST /v1/reservations`,
 * `POST /v1/reservations/{id}/confirm`, and `release`, `extend`, `pin` and `unpin` in its place; `GET /v1/stock/{sku}`, with
 * `by` or `promise=true` for what may be promised; `GET /v1/stock/{sku}/history`.
 *
 * Guarantee: the same requests and answers as over NATS; the status code repeats what the answer says.
 */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { RequestVerb } from "@holdfast/domain/Reservation"
import { requestBytesMax } from "./EngineLimit.ts"
import { ReservationDesk } from "./ReservationDesk.ts"

/** Status code of an answer, by its status. */
const codes: Readonly<Record<string, number>> = {
  granted: 201,
  confirmed: 200,
  released: 200,
  extended: 200,
  pinned: 200,
  unpinned: 200,
  available: 200,
  history: 200,
  denied: 409,
  invalid: 422,
  key_reused: 422,
  busy: 503,
  unknown: 504
}

const respond = (text: string) => {
  const answer = JSON.parse(text) as { readonly status: string; readonly retryAfterMillis?: number }
  const retry =
    answer.retryAfterMillis === undefined ? {} : { "retry-after": String(Math.ceil(answer.retryAfterMillis / 1000)) }
  return HttpServerResponse.text(text, {
    status: codes[answer.status] ?? 500,
    contentType: "application/json",
    headers: retry
  })
}

const refuse = (status: number, field: string, message: string) =>
  HttpServerResponse.jsonUnsafe({ status: "invalid", errors: [{ field, message }] }, { status })

/** The body with the reservation's id from the path, where there is one. */
const withPathId = (text: string, reservationId: string | undefined): string => {
  if (reservationId === undefined) return text
  try {
    const body: unknown = JSON.parse(text === "" ? "{}" : text)
    return JSON.stringify(typeof body === "object" && body !== null ? { ...body, reservationId } : body)
  } catch {
    return text // the desk says what is wrong with it
  }
}

const handle = (verb: RequestVerb) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const desk = yield* ReservationDesk
    const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase()
    if (type !== "application/json") return refuse(415, "content-type", "must be application/json")
    if (!(Number(request.headers["content-length"]) <= requestBytesMax)) {
      return refuse(413, "content-length", `must be given and at most ${requestBytesMax} bytes`)
    }
    const { params } = yield* HttpRouter.RouteContext
    return respond(
      yield* asked(desk, verb, withPathId(yield* request.text, params["id"]), request.headers["traceparent"])
    )
  }).pipe(Effect.catch(() => Effect.succeed(refuse(400, "body", "could not be read to its end"))))

const asked = (desk: ReservationDesk["Service"], verb: RequestVerb, text: string, traceparent?: string) =>
  Effect.callback<string>((resume) => desk.ask(verb, text, traceparent, (said) => resume(Effect.succeed(said))))

/** A question about the SKU of the path. @param wanted what the query string asks for beside */
const showOf = (verb: "availability" | "history", wanted: (query: URLSearchParams) => object) =>
  Effect.gen(function* () {
    const desk = yield* ReservationDesk
    const { params } = yield* HttpRouter.RouteContext
    const { url } = yield* HttpServerRequest.HttpServerRequest
    const query = new URL(url, "http://localhost").searchParams
    const answer = yield* asked(desk, verb, JSON.stringify({ sku: params["sku"], ...wanted(query) }))
    const isUnknown = (JSON.parse(answer) as { readonly reason?: string }).reason === "unknown_sku"
    return isUnknown ? HttpServerResponse.setStatus(respond(answer), 404) : respond(answer)
  })

const textOf = (query: URLSearchParams, name: string): string | undefined => query.get(name) ?? undefined

const showStock = showOf("availability", (query) => ({
  by: textOf(query, "by"),
  promise: query.get("promise") === "true" ? true : undefined
}))

const showHistory = showOf("history", (query) => {
  const newest = textOf(query, "newest")
  return {
    // what is no number is said to be none by the desk
    newest: newest !== undefined && /^\d+$/.test(newest) ? Number(newest) : newest,
    committedSince: textOf(query, "committedSince"),
    orderId: textOf(query, "orderId")
  }
})

const changes: ReadonlyArray<RequestVerb> = ["confirm", "release", "extend", "pin", "unpin"]

/** Needs the router and `ReservationDesk`. */
export const reservationRoutes = Layer.unwrap(
  Effect.map(Effect.context<ReservationDesk>(), (context) =>
    HttpRouter.addAll([
      HttpRouter.route("POST", "/v1/reservations", Effect.provideContext(handle("reserve"), context)),
      HttpRouter.route("GET", "/v1/stock/:sku", Effect.provideContext(showStock, context)),
      HttpRouter.route("GET", "/v1/stock/:sku/history", Effect.provideContext(showHistory, context)),
      ...changes.map((verb) =>
        HttpRouter.route("POST", `/v1/reservations/:id/${verb}`, Effect.provideContext(handle(verb), context))
      )
    ])
  )
)
