/** `GET /v1/sources`: every type of event, who emits it, when it was heard last. A route to be merged with others. */
import type { Database } from "@holdfast/ledger/Database"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { unavailable } from "../UnavailableResponse.ts"
import { sourceReport } from "./SourceReport.ts"

const getSources = sourceReport().pipe(
  Effect.map(({ emitters }) => HttpServerResponse.jsonUnsafe({ emitters })),
  Effect.catch((error) => unavailable("sources cannot be listed", "database", "does not answer", error))
)

export const sourceRoutes: Layer.Layer<never, never, HttpRouter.HttpRouter | Database> = Layer.unwrap(
  Effect.map(Effect.context<Database>(), (context) =>
    HttpRouter.add("GET", "/v1/sources", Effect.provideContext(getSources, context))
  )
)
