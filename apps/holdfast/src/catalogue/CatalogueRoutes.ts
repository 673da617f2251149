/**
 * The catalogue over HTTP, as routes that are merged with others onto one server:
 *
 * - `POST /v1/catalogue`: items as JSON lines or CSV, checked as a whole and applied; `?dryRun=true` only says what would
 *   change, `?source=` names the events' source.
 * - `GET /v1/catalogue`: pages of it; `location`, `limit`, `after`.
 *
 * Guarantee: any problem, and nothing is applied. An answer of 200 means that the broker has the events; the engine applies them
 * within a second or so. Sending the same again is safe.
 */
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import type { CataloguePlan } from "@holdfast/domain/Catalogue"
import { fieldErrorsOf } from "@holdfast/domain/EventManifest"
import { EventSource, LocationId } from "@holdfast/domain/Identity"
import { listCatalogue } from "@holdfast/ledger/Catalogue"
import { Database, query } from "@holdfast/ledger/Database"
import { ByteSize, Effect, Layer, Result, Schema } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { unavailable } from "../UnavailableResponse.ts"
import { applyPlan, catalogueSource, planCatalogue } from "./CatalogueApply.ts"
import { changesAnsweredMax, pageSkusDefault, pageSkusMax, requestBytesMax } from "./CatalogueLimit.ts"
import { readCatalogueCsv, readCatalogueJson } from "./CatalogueReader.ts"
import { countsOf } from "./CatalogueText.ts"
import { bytesInChunks } from "./FileChunks.ts"

const refuse = (status: number, field: string, message: string) =>
  HttpServerResponse.jsonUnsafe({ errors: [{ field, message }] }, { status })

const refuseQuery = (error: Schema.SchemaError) =>
  HttpServerResponse.jsonUnsafe(
    {
      errors: fieldErrorsOf("query", error).map(({ field, message }) => ({
        field: field.slice(field.indexOf(".") + 1),
        message
      }))
    },
    { status: 422 }
  )

const contentTypes = ["application/x-ndjson", "application/json", "text/csv"]

const paramsOf = (url: string): URLSearchParams => new URL(url, "http://localhost").searchParams

const Query = Schema.Struct({
  dryRun: Schema.optionalKey(Schema.Literals(["true", "false"])),
  source: Schema.optionalKey(EventSource)
}).annotate({ messageUnexpectedKey: "is not known: parameters are dryRun, source" })

const PageQuery = Schema.Struct({
  location: Schema.optionalKey(LocationId),
  after: Schema.optionalKey(Schema.String),
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: pageSkusMax }))
  )
}).annotate({ messageUnexpectedKey: "is not known: parameters are location, after, limit" })

const decodeQuery = Schema.decodeUnknownResult(Query, { onExcessProperty: "error" })
const decodePage = Schema.decodeUnknownResult(PageQuery, { onExcessProperty: "error" })

const readBody = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, type: string) {
  const body = yield* Effect.provideService(
    request.arrayBuffer,
    HttpIncomingMessage.MaxBodySize,
    ByteSize.bytes(requestBytesMax)
  )
  const bytes = new Uint8Array(body)
  return yield* Effect.promise(() =>
    type === "text/csv" ? readCatalogueCsv(bytesInChunks(bytes)) : readCatalogueJson(new TextDecoder().decode(bytes))
  )
})

const answerOf = (plan: CataloguePlan, dryRun: boolean, events: number, repeated: number) => {
  const changes = plan.changes.slice(0, changesAnsweredMax)
  const more = plan.changes.length - changes.length
  return HttpServerResponse.jsonUnsafe({ dryRun, ...countsOf(plan), changes, moreChanges: more, events, repeated })
}

const postCatalogue = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const type = request.headers["content-type"]?.split(";", 1)[0]!.trim().toLowerCase() ?? ""
  if (!contentTypes.includes(type)) return refuse(415, "content-type", `must be ${contentTypes.join(", ")}`)
  const asked = decodeQuery(Object.fromEntries(paramsOf(request.url)))
  if (Result.isFailure(asked)) return refuseQuery(asked.failure)
  if (Number(request.headers["content-length"] ?? 0) > requestBytesMax)
    return refuse(413, "body", `must be at most ${requestBytesMax} bytes; send it in parts`)
  const read = yield* Effect.result(readBody(request, type))
  if (Result.isFailure(read)) return refuse(413, "body", `must be at most ${requestBytesMax} bytes, and end`)
  const { lines, problems } = read.success
  if (problems.count > 0)
    return HttpServerResponse.jsonUnsafe(
      { errors: problems.first, moreErrors: problems.count - problems.first.length },
      { status: 422 }
    )
  const dryRun = asked.success.dryRun === "true"
  const plan = yield* planCatalogue(lines)
  if (dryRun || plan.changes.length === 0) return answerOf(plan, dryRun, 0, 0)
  const { events, repeated } = yield* applyPlan(plan, asked.success.source ?? catalogueSource)
  return answerOf(plan, dryRun, events, repeated)
})

const getCatalogue = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { sql } = yield* Database
  const asked = decodePage(Object.fromEntries(paramsOf(request.url)))
  if (Result.isFailure(asked)) return refuseQuery(asked.failure)
  const { location, after, limit = pageSkusDefault } = asked.success
  const items = yield* query(() =>
    listCatalogue(sql, {
      limit,
      ...(location === undefined ? {} : { locationId: location }),
      ...(after === undefined ? {} : { after })
    })
  )
  const isFull = new Set(items.map(({ sku }) => sku)).size === limit
  return HttpServerResponse.jsonUnsafe({ items, next: isFull ? items.at(-1)!.sku : null })
})

const orUnavailable = <E extends { readonly message: string }, R>(
  handled: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
) =>
  handled.pipe(
    Effect.catch((error) =>
      unavailable(
        "the catalogue is not answered",
        "catalogue",
        "database or broker do not answer, send it again",
        error
      )
    )
  )

/** The routes; merge them with others. */
export const catalogueRoutes: Layer.Layer<never, never, HttpRouter.HttpRouter | NatsConnection | Database> =
  Layer.unwrap(
    Effect.map(Effect.context<NatsConnection | Database>(), (context) =>
      HttpRouter.addAll([
        HttpRouter.route("POST", "/v1/catalogue", Effect.provideContext(orUnavailable(postCatalogue), context)),
        HttpRouter.route("GET", "/v1/catalogue", Effect.provideContext(orUnavailable(getCatalogue), context))
      ])
    )
  )
