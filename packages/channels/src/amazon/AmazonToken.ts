/**
 * Access tokens of Login with Amazon for one seller, by the refresh token that the seller's authorization gave.
 *
 * Guarantee: a token is kept until shortly before it ends, and one request at a time asks for the next. What refuses a token refuses
 * the whole channel (`blocked`); when none can be had now, nothing was told to the listings (`notApplied`). No token is ever printed.
 */
import { Clock, Effect, Option, Redacted, Schema, Semaphore } from "effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { PushOutcome } from "../ChannelConnector.ts"
import { amazonTokenMarginMillis } from "../ChannelLimit.ts"
import type { ChannelHttp } from "../http/ChannelHttp.ts"
import { shortened } from "../http/AnswerText.ts"
import { type Exchange, type HttpAnswer, outcomeOfAnswer, outcomeOfFailure } from "../http/HttpOutcome.ts"
import type { AmazonCredentials } from "./AmazonCredentials.ts"

/** `isFresh`: it was asked for just now. */
export type TokenReading =
  | { readonly _tag: "token"; readonly token: Redacted.Redacted; readonly isFresh: boolean }
  | { readonly _tag: "refused"; readonly outcome: PushOutcome }

export interface AmazonTokens {
  /**
   * @param leftMillis until it is no longer waited for
   * @param spent a token that was refused: another one is asked for
   */
  readonly get: (leftMillis: number, spent?: Redacted.Redacted) => Effect.Effect<TokenReading>
}

const Granted = Schema.fromJsonString(
  Schema.Struct({
    access_token: Schema.String.check(Schema.isPattern(/^[\x21-\x7e]+$/)),
    /** seconds */
    expires_in: Schema.Finite
  })
)
const decodeGranted = Schema.decodeUnknownOption(Granted)

const Refusal = Schema.fromJsonString(
  Schema.Struct({ error: Schema.String, error_description: Schema.optionalKey(Schema.String) })
)
const decodeRefusal = Schema.decodeUnknownOption(Refusal)

const later = (detail: string, retryAfterMillis?: number): PushOutcome => ({
  _tag: "notApplied",
  because: "transient",
  retryAfterMillis,
  detail
})

/** Without a token nothing left for the listings, whatever became of the request for one. */
const refusalOf = (answer: HttpAnswer, now: number): PushOutcome => {
  const outcome = outcomeOfAnswer(answer, now)
  const wait = outcome._tag === "notApplied" ? outcome.retryAfterMillis : undefined
  const read = decodeRefusal(answer.body)
  const { error, error_description: description = "" } = Option.getOrElse(read, (): typeof Refusal.Type => ({
    error: ""
  }))
  const detail = shortened(`Login with Amazon gives no access token: HTTP ${answer.status} ${error} ${description}`)
  const isFinal = answer.status >= 300 && answer.status < 500 && outcome._tag !== "notApplied"
  return isFinal ? { _tag: "blocked", detail } : later(detail, wait)
}

const requestOf = (url: string, credentials: AmazonCredentials): HttpClientRequest.HttpClientRequest => {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: credentials.refreshToken,
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret
  })
  return HttpClientRequest.post(url).pipe(
    HttpClientRequest.bodyText(form.toString(), "application/x-www-form-urlencoded"),
    HttpClientRequest.setHeaders({ "user-agent": "holdfast", accept: "application/json" })
  )
}

interface Held {
  readonly token: Redacted.Redacted
  /** milliseconds since the epoch */
  readonly until: number
}

/** What an exchange came to: a token, or why there is none. */
const heldOf = (exchange: Exchange, askedAt: number, now: number): Held | PushOutcome => {
  if (exchange._tag === "timedOut") return later("Login with Amazon did not answer in time")
  if (exchange._tag === "failed") {
    const outcome = outcomeOfFailure(exchange.cause)
    return later(`Login with Amazon: ${"detail" in outcome ? outcome.detail : outcome._tag}`)
  }
  const { answer } = exchange
  const granted = answer.status === 200 ? decodeGranted(answer.body) : Option.none()
  if (Option.isNone(granted)) return refusalOf(answer, now)
  const { access_token: token, expires_in: seconds } = granted.value
  return { token: Redacted.make(token), until: askedAt + seconds * 1_000 - amazonTokenMarginMillis }
}

/** @param url of Login with Amazon's token endpoint */
export const makeAmazonTokens = (
  http: ChannelHttp,
  url: string,
  credentials: Redacted.Redacted<AmazonCredentials>
): AmazonTokens => {
  const one = Semaphore.makeUnsafe(1)
  let held: Held | undefined
  const get = (spent?: Redacted.Redacted) =>
    Effect.gen(function* () {
      const askedAt = yield* Clock.currentTimeMillis
      if (held !== undefined && held.token !== spent && askedAt < held.until)
        return { _tag: "token", token: held.token, isFresh: false } as const
      held = undefined
      const exchange = yield* http(requestOf(url, Redacted.value(credentials)))
      const read = heldOf(exchange, askedAt, yield* Clock.currentTimeMillis)
      if ("_tag" in read) return { _tag: "refused", outcome: read } as const
      held = read
      return { _tag: "token", token: read.token, isFresh: true } as const
    })
  return {
    get: (leftMillis, spent) =>
      one.withPermit(get(spent)).pipe(
        Effect.timeoutOption(Math.max(0, leftMillis)),
        Effect.map(
          Option.getOrElse((): TokenReading => ({
            _tag: "refused",
            outcome: later("Login with Amazon did not answer in time")
          }))
        )
      )
  }
}
