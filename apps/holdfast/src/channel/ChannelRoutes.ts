/**
 * Channels over HTTP, as routes that are merged with others onto one server:
 *
 * - `GET /v1/channels`, `GET /v1/channels/:id`: what they are, and how they do in this process.
 * - `GET /v1/channels/:id/history`, `GET /v1/channels/:id/differences`: their changes; what waits for a window to close.
 * - `PATCH /v1/channels/:id`: `{"definition": {"timing": ...}, "operation": "paused", "by": ..., "reason": ...}`, with
 *   `?dryRun=true` only said. `POST /v1/channels/:id/undo`, `POST /v1/channels/:id/release`.
 * - `POST /v1/channels/:id/reconciliation`: `{"by": ..., "heal": "all"}`; `GET` has the report: see `ReconciliationRoutes`.
 *
 * Guarantee: an answer of 200 to a change means that it is in the history; it takes effect within a second. Whatever is wrong is
 * named by its field, and nothing is changed.
 */
import { Sku } from "@holdfast/domain/Identity"
import { Operation } from "@holdfast/domain/Channel"
import { channelHistory } from "@holdfast/ledger/ChannelDefinitions"
import { requestRelease } from "@holdfast/ledger/ChannelRuns"
import { Database, query } from "@holdfast/ledger/Database"
import { Outbound } from "@holdfast/outbound/Outbound"
import { Effect, Layer, Result, Schema } from "effect"
import { HttpRouter, HttpServerRequest, type HttpServerResponse } from "effect/http"
import { unavailable } from "../UnavailableResponse.ts"
import { ChannelError, channelOf, channels, editChannel, undoChange, withFields } from "./ChannelEdit.ts"
import { historyMax, releaseSkusMax } from "./ChannelLimit.ts"
import { answer, Author, bodyOf, idOf, refuse } from "./ChannelRequest.ts"
import { reconcile, reconciliation } from "./ReconciliationRoutes.ts"

const Patch = Schema.Struct({
  ...Author,
  /** fields of the definition that are to be other ones; null takes one away */
  definition: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  operation: Schema.optionalKey(Operation)
}).annotate({ messageUnexpectedKey: "is not known: fields are definition, operation, by, reason" })

const Undo = Schema.Struct(Author).annotate({ messageUnexpectedKey: "is not known: fields are by, reason" })

const Release = Schema.Struct({
  ...Author,
  skus: Schema.optionalKey(Schema.Array(Sku).check(Schema.isMinLength(1), Schema.isMaxLength(releaseSkusMax)))
}).annotate({ messageUnexpectedKey: "is not known: fields are skus, by, reason" })

const statuses: Readonly<Record<ChannelError["reason"], number>> = {
  unknown: 404,
  invalid: 422,
  contended: 409,
  nothing_to_undo: 409
}

const refuseError = ({ reason, detail, errors }: ChannelError) =>
  answer({ errors: errors.length > 0 ? errors : [{ field: "channel", message: detail }] }, statuses[reason])

const isDryRun = Effect.map(
  HttpServerRequest.HttpServerRequest,
  ({ url }) => new URL(url, "http://localhost").searchParams.get("dryRun") === "true"
)

const list = Effect.gen(function* () {
  const { channel } = yield* Outbound
  const known = yield* channels
  return answer({ channels: known.map((each) => ({ ...each, now: channel(each.definition.id)?.snapshot() ?? null })) })
})

const show = Effect.gen(function* () {
  const { channel } = yield* Outbound
  const id = yield* idOf
  return answer({ ...(yield* channelOf(id)), now: channel(id)?.snapshot() ?? null })
})

const history = Effect.gen(function* () {
  const { sql } = yield* Database
  const id = yield* idOf
  yield* channelOf(id)
  return answer({ history: yield* query(() => channelHistory(sql, id, historyMax)) })
})

const differences = Effect.gen(function* () {
  const { channel } = yield* Outbound
  const id = yield* idOf
  yield* channelOf(id)
  const stream = channel(id)
  if (stream === undefined) return refuse(409, "channel", `${id} does not run in this process: start it again`)
  return answer({ listings: stream.differences(), closesAt: stream.snapshot().closesAt ?? null })
})

/** JSON has no undefined: null takes a field away. */
const patchOf = (definition: Readonly<Record<string, unknown>> = {}) =>
  Object.fromEntries(Object.entries(definition).map(([field, value]) => [field, value ?? undefined]))

const change = Effect.gen(function* () {
  const channel = yield* idOf
  const body = yield* bodyOf(Patch)
  if (Result.isFailure(body)) return body.failure
  const { definition, operation, ...author } = body.success
  const edit = yield* editChannel({ channel, ...author, dryRun: yield* isDryRun }, (now) =>
    Effect.map(withFields(now.definition, patchOf(definition)), (changed) => ({
      definition: changed,
      operation: operation ?? now.operation
    }))
  )
  return answer(edit)
})

const undo = Effect.gen(function* () {
  const channel = yield* idOf
  const body = yield* bodyOf(Undo)
  if (Result.isFailure(body)) return body.failure
  return answer(yield* undoChange({ channel, ...body.success, dryRun: yield* isDryRun }))
})

const release = Effect.gen(function* () {
  const { sql } = yield* Database
  const id = yield* idOf
  const body = yield* bodyOf(Release)
  if (Result.isFailure(body)) return body.failure
  yield* channelOf(id)
  const { skus, ...author } = body.success
  return answer({ release: yield* query(() => requestRelease(sql, id, skus, author)) }, 202)
})

const handled = <E extends { readonly message: string }, R>(
  route: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
) =>
  route.pipe(
    Effect.catch((error) =>
      error instanceof ChannelError
        ? Effect.succeed(refuseError(error))
        : unavailable("channels are not answered", "database", "does not answer, send it again", error)
    )
  )

/** The routes; merge them with others. */
export const channelRoutes: Layer.Layer<never, never, HttpRouter.HttpRouter | Database | Outbound> = Layer.unwrap(
  Effect.map(Effect.context<Database | Outbound>(), (context) => {
    const ready = <E extends { readonly message: string }>(
      handler: Effect.Effect<
        HttpServerResponse.HttpServerResponse,
        E,
        Database | Outbound | HttpRouter.RouteContext | HttpServerRequest.HttpServerRequest
      >
    ) => Effect.provideContext(handled(handler), context)
    return HttpRouter.addAll([
      HttpRouter.route("GET", "/v1/channels", ready(list)),
      HttpRouter.route("GET", "/v1/channels/:id", ready(show)),
      HttpRouter.route("GET", "/v1/channels/:id/history", ready(history)),
      HttpRouter.route("GET", "/v1/channels/:id/differences", ready(differences)),
      HttpRouter.route("PATCH", "/v1/channels/:id", ready(change)),
      HttpRouter.route("POST", "/v1/channels/:id/undo", ready(undo)),
      HttpRouter.route("POST", "/v1/channels/:id/release", ready(release)),
      HttpRouter.route("GET", "/v1/channels/:id/reconciliation", ready(reconciliation)),
      HttpRouter.route("POST", "/v1/channels/:id/reconciliation", ready(reconcile))
    ])
  })
)
