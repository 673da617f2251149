/**
 * The Admin API of a Vendure server, with the credentials of one administrator.
 *
 * `endpoint` is the server (`https://shop.example`), or its Admin API where that has another path than `/admin-api`. The secret is an API key
 * (`<lookup id>:<key>`, Vendure 3.6 or later) or the bearer token of an administrator's session: a key has a colon, a token has none.
 * Guarantee: nothing but a request holds the secret, and nothing prints a request. One request is asked once.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Clock, Effect, Redacted, type Scope } from "effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { vendureAnswerBytesMax } from "../ChannelLimit.ts"
import { ConnectorError } from "../ConnectorError.ts"
import { secureEndpointOf } from "../http/ChannelEndpoint.ts"
import { makeChannelHttp } from "../http/ChannelHttp.ts"
import { outcomeOfSilence } from "../http/HttpOutcome.ts"
import { readAnswer, type VendureAnswer } from "./VendureAnswer.ts"
import type { VendureOperation } from "./VendureOperations.ts"

/** An answer, and when it was given by the server's own clock, in ms since the epoch; undefined where it does not say. */
export type Answered = VendureAnswer & { readonly at?: number | undefined }

export type VendureApi = (operation: VendureOperation) => Effect.Effect<Answered>

const credentials = (secret: string): Readonly<Record<string, string>> =>
  secret.includes(":") ? { "vendure-api-key": secret } : { authorization: `Bearer ${secret}` }

const dateOf = (text: string | undefined): number | undefined => {
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

/** The connections are closed with the scope. */
export const makeVendureApi = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted
): Effect.Effect<VendureApi, ConnectorError, Scope.Scope> =>
  Effect.gen(function* () {
    const { id: channel, timeoutMillis, vendure } = definition
    const refuse = (field: ConnectorError["field"], detail: string) => new ConnectorError({ channel, field, detail })
    const endpoint = yield* secureEndpointOf(definition)
    if (!/^[\x21-\x7e]+$/.test(Redacted.value(secret)))
      return yield* refuse("secretEnv", "must name a variable that holds an API key or a session's bearer token")
    const token = vendure?.channelToken
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
      return yield* refuse("vendure", "names a channelToken that no channel can have")
    const url = endpoint.pathname === "/" ? new URL("/admin-api", endpoint).href : endpoint.href
    const http = yield* makeChannelHttp(definition, vendureAnswerBytesMax)
    return (operation) =>
      Effect.gen(function* () {
        const request = HttpClientRequest.post(url).pipe(
          HttpClientRequest.bodyText(JSON.stringify(operation), "application/json"),
          HttpClientRequest.setHeaders({
            "user-agent": "holdfast",
            accept: "application/json",
            ...(token === undefined ? {} : { "vendure-token": token }),
            ...credentials(Redacted.value(secret))
          })
        )
        const exchange = yield* http(request)
        if (exchange._tag !== "answered") return { _tag: "refused", outcome: outcomeOfSilence(exchange, timeoutMillis) }
        const answer = readAnswer(exchange.answer, yield* Clock.currentTimeMillis)
        return { ...answer, at: dateOf(exchange.answer.headers?.["date"]) }
      })
  })
