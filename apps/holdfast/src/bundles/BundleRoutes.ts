/**
 * Bundles over HTTP, as routes that are merged with others onto one server:
 *
 * - `GET /v1/bundles`: all of them, and what they are made of.
 * - `PUT /v1/bundles/:sku`: `{"components": [{"sku": "LAMP", "quantity": 1}]}`; with none it is a bundle no more.
 *   `?dryRun=true` only says what would change.
 *
 * Guarantee: an answer of 200 to a change means that the broker has its event; it counts within a second. What is wrong is named by its
 * field, and nothing is changed.
 */
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { bundlePlanOf } from "@holdfast/domain/BundlePlan"
import { fieldErrorsOf, type FieldError } from "@holdfast/domain/EventManifest"
import { Sku } from "@holdfast/domain/Identity"
import { Quantity } from "@holdfast/domain/StockEvent"
import { bundleComponentsMax } from "@holdfast/domain/Limit"
import { readBundles } from "@holdfast/ledger/Bundles"
import { Database, query } from "@holdfast/ledger/Database"
import { ByteSize, Clock, Effect, Layer, Result, Schema } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { catalogueSource } from "../catalogue/CatalogueApply.ts"
import { unavailable } from "../UnavailableResponse.ts"
import { applyBundles } from "./BundleApply.ts"

/** Bytes of a request: the most components, with ids of the greatest length, every character of them escaped. */
const requestBytesMax = 64 * 1024

const Wanted = Schema.Struct({
  components: Schema.Array(
    Schema.Struct({ sku: Sku, quantity: Quantity }).annotate({
      messageUnexpectedKey: "is not known: fields are sku, quantity"
    })
  ).check(Schema.isMaxLength(bundleComponentsMax))
}).annotate({ messageUnexpectedKey: "is not known: the field is components" })

const decodeWanted = Schema.decodeUnknownResult(Schema.fromJsonString(Wanted), {
  errors: "all",
  onExcessProperty: "error"
})
const decodeSku = Schema.decodeUnknownResult(Sku)

const answer = (body: unknown, status = 200) => HttpServerResponse.jsonUnsafe(body, { status })
const refuse = (errors: ReadonlyArray<FieldError>, status = 422) => answer({ errors }, status)

const list = Effect.gen(function* () {
  const { sql } = yield* Database
  const book = yield* query(() => readBundles(sql))
  const bundles = [...book.skus].filter((sku) => book.isBundle(sku)).sort()
  return answer({
    bundles: bundles.map((sku) => {
      const { components, at: since } = book.definitionOf(sku)!
      return { sku, components, since }
    })
  })
})

const put = Effect.gen(function* () {
  const { sql } = yield* Database
  const request = yield* HttpServerRequest.HttpServerRequest
  const { sku } = yield* HttpRouter.params
  const bundle = decodeSku(sku)
  if (Result.isFailure(bundle)) return refuse(fieldErrorsOf("sku", bundle.failure))
  const limit = ByteSize.bytes(requestBytesMax)
  const read = yield* Effect.result(Effect.provideService(request.text, HttpIncomingMessage.MaxBodySize, limit))
  if (Result.isFailure(read))
    return refuse([{ field: "body", message: `must be at most ${requestBytesMax} bytes, and end` }], 413)
  const wanted = decodeWanted(read.success)
  if (Result.isFailure(wanted)) return refuse(fieldErrorsOf("body", wanted.failure))
  const components = wanted.success.components.map((component, line) => ({ ...component, line }))
  const book = yield* query(() => readBundles(sql))
  const plan = bundlePlanOf([{ bundle: bundle.success, components }], book, yield* Clock.currentTimeMillis)
  if (plan.problems.length > 0)
    return refuse(
      plan.problems.map(({ line, field, message }) => ({
        field: `body.components[${line}].${field === "quantity" ? "quantity" : "sku"}`,
        message
      }))
    )
  const dryRun = new URL(request.url, "http://localhost").searchParams.get("dryRun") === "true"
  if (!dryRun && plan.changes.length > 0) yield* applyBundles(plan.changes, catalogueSource)
  return answer({ dryRun, changed: plan.changes.length > 0 })
})

const orUnavailable = <E extends { readonly message: string }, R>(
  handled: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
) =>
  handled.pipe(
    Effect.catch((error) =>
      unavailable("bundles are not answered", "bundles", "database or broker do not answer, send it again", error)
    )
  )

/** The routes; merge them with others. */
export const bundleRoutes: Layer.Layer<never, never, HttpRouter.HttpRouter | NatsConnection | Database> = Layer.unwrap(
  Effect.map(Effect.context<NatsConnection | Database>(), (context) =>
    HttpRouter.addAll([
      HttpRouter.route("GET", "/v1/bundles", Effect.provideContext(orUnavailable(list), context)),
      HttpRouter.route("PUT", "/v1/bundles/:sku", Effect.provideContext(orUnavailable(put), context))
    ])
  )
)
