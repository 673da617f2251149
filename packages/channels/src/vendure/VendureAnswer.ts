/**
 * What an answer of Vendure's Admin API says: refused, executed with errors, or executed.
 *
 * Guarantee: any bytes are understood as something. "Not applied" is said only where Vendure refused before it wrote, or undid what it
 * wrote; an answer that is not understood, or an error inside Vendure, leaves it unknown. Pure.
 */
import { Schema } from "effect"
import type { PushOutcome } from "../ChannelConnector.ts"
import { type HttpAnswer, outcomeOfAnswer, shortened } from "../http/HttpOutcome.ts"

const GraphqlError = Schema.Struct({
  message: Schema.optionalKey(Schema.String),
  extensions: Schema.optionalKey(Schema.Struct({ code: Schema.optionalKey(Schema.String) }))
})

const Answer = Schema.fromJsonString(
  Schema.Struct({
    data: Schema.optionalKey(Schema.Unknown),
    errors: Schema.optionalKey(Schema.Array(GraphqlError))
  })
)

const decodeAnswer = Schema.decodeUnknownOption(Answer)

/** `executed`: with the answer's data. `refused`: the whole request came to this outcome. */
export type VendureAnswer =
  | { readonly _tag: "executed"; readonly data: unknown }
  | { readonly _tag: "refused"; readonly outcome: PushOutcome }

const refused = (outcome: PushOutcome): VendureAnswer => ({ _tag: "refused", outcome })

/** Codes of a token that is not, or no more, allowed to do this. */
const blocking = new Set(["FORBIDDEN", "UNAUTHORIZED", "CHANNEL_NOT_FOUND", "NO_VALID_CHANNEL"])

/** Codes of a request that is not understood: our mistake, or another version of Vendure. */
const notUnderstood = new Set(["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT", "BAD_REQUEST"])

/** Codes of what Vendure found impossible on the way: its transaction is undone, and what it is about has just changed. */
const undone = new Set(["ENTITY_NOT_FOUND", "USER_INPUT_ERROR", "ILLEGAL_OPERATION"])

const ofErrors = (errors: ReadonlyArray<typeof GraphqlError.Type>): PushOutcome => {
  const codes = errors.map(({ extensions }) => extensions?.code ?? "")
  const detail = shortened(errors.map(({ message }, i) => `${codes[i]} ${message ?? ""}`.trim()).join("; "))
  if (codes.some((code) => blocking.has(code))) return { _tag: "blocked", detail }
  if (codes.every((code) => notUnderstood.has(code))) return { _tag: "rejected", because: "request", detail }
  if (codes.every((code) => undone.has(code)))
    return { _tag: "notApplied", because: "transient", retryAfterMillis: undefined, detail }
  return { _tag: "unknown", detail }
}

/** What a status other than 200 says of a request about many items. */
const ofStatus = (answer: HttpAnswer, now: number): PushOutcome => {
  // a request that the API does not understand has its errors, with another status
  const read = decodeAnswer(answer.body)
  if (answer.status === 400 && read._tag === "Some" && (read.value.errors ?? []).length > 0)
    return ofErrors(read.value.errors!)
  const outcome = outcomeOfAnswer(answer, now)
  const detail = shortened(`HTTP ${answer.status} ${answer.body}`)
  // there is no such API, or none any more
  if (answer.status === 404) return { _tag: "blocked", detail }
  // no answer of this API but 200 says that something was done
  if (outcome._tag === "applied") return { _tag: "unknown", detail }
  // of one item these would speak: of a request they say that it is not understood
  if (outcome._tag === "stale" || outcome._tag === "rejected") return { _tag: "rejected", because: "request", detail }
  return outcome
}

/** @param now milliseconds since the epoch */
export const readAnswer = (answer: HttpAnswer, now: number): VendureAnswer => {
  if (answer.status !== 200) return refused(ofStatus(answer, now))
  const read = decodeAnswer(answer.body)
  if (read._tag === "None") return refused({ _tag: "unknown", detail: "the answer is not one of a GraphQL API" })
  const { data = null, errors = [] } = read.value
  return errors.length > 0 ? refused(ofErrors(errors)) : { _tag: "executed", data }
}
