/**
 * Amazon's Selling Partner API for one seller: who asks, with which token, and for how long.
 *
 * Guarantee: a token that is refused (401, 403) is replaced once, and the request sent again: it was turned away before anything was
 * done. Refused with a token that is new, it is `blocked`. Nothing else is sent twice, and a request ends within the channel's
 * `timeoutMillis`, tokens included. Nothing but the requests holds a secret.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Clock, Effect, Option, Redacted, type Scope } from "effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { ConnectorError } from "../ConnectorError.ts"
import { secureEndpointOf } from "../http/ChannelEndpoint.ts"
import { makeChannelHttp } from "../http/ChannelHttp.ts"
import { type Exchange, outcomeOfSilence } from "../http/HttpOutcome.ts"
import { type AmazonAnswer, readAmazonAnswer, refused } from "./AmazonAnswer.ts"
import { amazonCredentialsOf } from "./AmazonCredentials.ts"
import { makeAmazonTokens } from "./AmazonToken.ts"

const tokenEndpoint = "https://api.amazon.com/auth/o2/token"

/** One request: path and query are encoded already. */
export interface AmazonRequest {
  readonly method: "GET" | "PATCH"
  /** `/listings/...?...` */
  readonly target: string
  readonly body?: unknown
}

export interface AmazonApi {
  readonly sellerId: string
  readonly marketplaceId: string
  readonly ask: (request: AmazonRequest) => Effect.Effect<AmazonAnswer>
}

/** `?name=value&name=first,second`, each value percent-encoded: a comma parts, and a space is never a plus. */
export const queryOf = (parameters: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>): string =>
  `?${Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${[value!].flat().map(encodeURIComponent).join(",")}`)
    .join("&")}`

const httpRequestOf = (base: URL, { method, target, body }: AmazonRequest, token: Redacted.Redacted) => {
  const request = HttpClientRequest.make(method)(`${base.origin}${target}`).pipe(
    HttpClientRequest.setHeaders({
      "user-agent": "holdfast/0.1 (Language=TypeScript)",
      accept: "application/json",
      "x-amz-access-token": Redacted.value(token)
    })
  )
  return body === undefined ? request : HttpClientRequest.bodyText(request, JSON.stringify(body), "application/json")
}

const tokenEndpointOf = (definition: ChannelDefinition): Effect.Effect<URL, ConnectorError> =>
  Effect.mapError(
    secureEndpointOf({ ...definition, endpoint: definition.amazon?.tokenEndpoint ?? tokenEndpoint }),
    ({ channel, detail }) => new ConnectorError({ channel, field: "amazon", detail: `tokenEndpoint ${detail}` })
  )

const isTurnedAway = (exchange: Exchange): boolean =>
  exchange._tag === "answered" && (exchange.answer.status === 401 || exchange.answer.status === 403)

/**
 * @param secret JSON as `AmazonCredentials` describes it
 * @param bytesMax of an answer
 */
export const makeAmazonApi = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted,
  bytesMax?: number
): Effect.Effect<AmazonApi, ConnectorError, Scope.Scope> =>
  Effect.gen(function* () {
    const { id: channel, amazon, timeoutMillis } = definition
    const endpoint = yield* secureEndpointOf(definition)
    if (amazon === undefined)
      return yield* new ConnectorError({
        channel,
        field: "amazon",
        detail: "is required: it names sellerId and marketplaceId"
      })
    const credentials = yield* amazonCredentialsOf(definition, secret)
    const tokenUrl = yield* tokenEndpointOf(definition)
    const http = yield* makeChannelHttp(definition, bytesMax)
    const tokens = makeAmazonTokens(http, tokenUrl.href, credentials)

    const send = (request: AmazonRequest, token: Redacted.Redacted, until: number): Effect.Effect<Exchange> =>
      Effect.gen(function* () {
        const left = until - (yield* Clock.currentTimeMillis)
        const exchange = http(httpRequestOf(endpoint, request, token))
        return Option.getOrElse(yield* Effect.timeoutOption(exchange, Math.max(0, left)), (): Exchange => ({
          _tag: "timedOut"
        }))
      })

    const ask = (request: AmazonRequest): Effect.Effect<AmazonAnswer> =>
      Effect.gen(function* () {
        const begunAt = yield* Clock.currentTimeMillis
        const until = begunAt + timeoutMillis
        let reading = yield* tokens.get(timeoutMillis)
        if (reading._tag === "refused") return refused(reading.outcome)
        let exchange = yield* send(request, reading.token, until)
        if (isTurnedAway(exchange) && !reading.isFresh) {
          const left = until - (yield* Clock.currentTimeMillis)
          reading = yield* tokens.get(left, reading.token)
          if (reading._tag === "refused") return refused(reading.outcome)
          exchange = yield* send(request, reading.token, until)
        }
        return exchange._tag === "answered"
          ? readAmazonAnswer(exchange.answer, yield* Clock.currentTimeMillis)
          : refused(outcomeOfSilence(exchange, timeoutMillis))
      })
    return { sellerId: amazon.sellerId, marketplaceId: amazon.marketplaceId, ask }
  })
