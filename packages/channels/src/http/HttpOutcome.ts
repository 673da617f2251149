/**
 * What an HTTP answer, or its absence, says about a write.
 *
 * Guarantee: "not applied" is said only when the request surely never left or the server itself says so; whatever else
 * went wrong is `unknown`.
 */
import { type AnswerHeaders, rateLimitFields } from "../budget/SpokenBudget.ts"
import type { PushOutcome, ReadBack } from "../ChannelConnector.ts"
import { shortened } from "./AnswerText.ts"

export interface HttpAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
  /** by their names in lower case */
  readonly headers?: AnswerHeaders
  /** the beginning of the body, empty when it could not be read */
  readonly body: string
}

/** How an exchange ended. `failed`: with what the HTTP client threw; `timedOut`: no answer in time. */
export type Exchange =
  | { readonly _tag: "answered"; readonly answer: HttpAnswer }
  | { readonly _tag: "failed"; readonly cause: unknown }
  | { readonly _tag: "timedOut" }

const detailOf = ({ status, body }: HttpAnswer): string => {
  const text = shortened(body)
  return text === "" ? `HTTP ${status}` : `HTTP ${status}: ${text}`
}

/**
 * Milliseconds to wait by a `Retry-After` header: seconds or an HTTP date. Undefined when absent or not understood.
 * @param now milliseconds since the epoch
 */
export const retryAfterMillis = (header: string | undefined, now: number): number | undefined => {
  const text = header?.trim() ?? ""
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  // a number that is not whole seconds must not be read as a year
  const at = /[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/** The quantity that the channel says it shows: `{"quantity": 7}`. */
const actualOf = (body: string): number | undefined => {
  try {
    const quantity: unknown = JSON.parse(body)?.quantity
    return typeof quantity === "number" && Number.isSafeInteger(quantity) ? quantity : undefined
  } catch {
    return undefined
  }
}

/** With what the channel said of its budgets in the headers of the IETF draft. @param now milliseconds since the epoch */
export const outcomeOfAnswer = (answer: HttpAnswer, now: number): PushOutcome => {
  const observed = rateLimitFields(answer.headers ?? {}, now)
  const outcome = outcomeOfStatus(answer, now)
  return observed.length === 0 ? outcome : { ...outcome, observed }
}

const outcomeOfStatus = (answer: HttpAnswer, now: number): PushOutcome => {
  const { status } = answer
  const detail = detailOf(answer)
  const wait = retryAfterMillis(answer.retryAfter, now)
  if (status >= 200 && status < 300) return { _tag: "applied" }
  if (status < 400) return { _tag: "blocked", detail: `${detail} (the endpoint answers with a redirect)` }
  switch (status) {
    case 401:
    case 403:
    case 407:
    case 410:
      return { _tag: "blocked", detail }
    case 404:
      return { _tag: "rejected", because: "mapping", detail }
    case 408:
    case 425:
      return { _tag: "notApplied", because: "transient", retryAfterMillis: wait, detail }
    case 409:
    case 412:
      return { _tag: "stale", actual: actualOf(answer.body) }
    case 422:
      return { _tag: "rejected", because: "value", detail }
    case 429:
      return { _tag: "notApplied", because: "throttled", retryAfterMillis: wait, detail }
  }
  if (status < 500) return { _tag: "rejected", because: "request", detail }
  // a server that names the time to come back turned the request away at the door
  if (status === 503 && wait !== undefined)
    return { _tag: "notApplied", because: "transient", retryAfterMillis: wait, detail }
  return { _tag: "unknown", detail }
}

const neverLeft =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|ERR_SSL_.*|CERT_.*|.*SELF_SIGNED.*|UNABLE_TO_.*)$/

const field = (cause: unknown, name: "code" | "syscall" | "cause"): unknown =>
  typeof cause === "object" && cause !== null ? (cause as Record<string, unknown>)[name] : undefined

/** What a failed exchange says: `cause` is what the HTTP client threw. */
export const outcomeOfFailure = (cause: unknown): PushOutcome => {
  const named = field(cause, "code") ?? field(field(cause, "cause"), "code")
  const code = typeof named === "string" ? named : ""
  const connecting = field(cause, "syscall") === "connect" || field(cause, "syscall") === "getaddrinfo"
  const detail = `${code} ${cause instanceof Error ? cause.message : String(cause)}`.trim()
  if (connecting || neverLeft.test(code))
    return { _tag: "notApplied", because: "transient", retryAfterMillis: undefined, detail }
  return { _tag: "unknown", detail }
}

/** What an exchange without an answer says. @param timeoutMillis for which it was waited */
export const outcomeOfSilence = (
  exchange: Exclude<Exchange, { readonly _tag: "answered" }>,
  timeoutMillis: number
): PushOutcome =>
  exchange._tag === "failed"
    ? outcomeOfFailure(exchange.cause)
    : { _tag: "unknown", detail: `no answer within ${timeoutMillis} ms` }

/** A question that was refused, as the answer to whoever asked what the channel shows. */
export const unreadBecause = (outcome: PushOutcome): ReadBack => ({
  _tag: "unreachable",
  detail: "detail" in outcome ? outcome.detail : outcome._tag,
  retryAfterMillis: outcome._tag === "notApplied" ? outcome.retryAfterMillis : undefined,
  ...(outcome.observed === undefined ? {} : { observed: outcome.observed })
})
