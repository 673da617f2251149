/**
 * What an answer of WooCommerce's REST API says as a whole: refused, or what it holds.
 *
 * Guarantee: any bytes are understood as something. The status decides, since proxies, guards and the maintenance mode of WordPress
 * answer in HTML; the API's own errors (`{"code", "message", "data": {"status"}}`) say the words. Pure.
 */
import { Schema } from "effect"
import type { PushOutcome } from "../ChannelConnector.ts"
import { shortened } from "../http/AnswerText.ts"
import { type HttpAnswer, outcomeOfAnswer } from "../http/HttpOutcome.ts"

const Failure = Schema.fromJsonString(Schema.Struct({ code: Schema.String, message: Schema.String }))
const decodeFailure = Schema.decodeUnknownOption(Failure)
const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** `missing`: the shop has no such route. */
export type WooCommerceAnswer =
  | { readonly _tag: "read"; readonly body: unknown; readonly observed: PushOutcome["observed"] }
  | { readonly _tag: "refused"; readonly outcome: PushOutcome; readonly missing: boolean }

const refused = (outcome: PushOutcome, missing = false): WooCommerceAnswer => ({ _tag: "refused", outcome, missing })

/** Of an anonymous caller: the key is unknown, or was not looked at because the shop believes that it is not reached over https. */
const anonymous = /^woocommerce_rest_cannot_/

const hintOf = (status: number, code: string): string => {
  if (status === 404)
    return "; the endpoint must be a WooCommerce shop with permalinks, and its address must have no /wp-json"
  if (status === 401 && anonymous.test(code))
    return "; check the key, and whether the shop knows that it is reached over https (X-Forwarded-Proto)"
  return ""
}

const refusalOf = (answer: HttpAnswer, now: number): WooCommerceAnswer => {
  const { status, body } = answer
  const failure = decodeFailure(body)
  const code = failure._tag === "Some" ? failure.value.code : ""
  const said = failure._tag === "Some" ? `${code}: ${failure.value.message}` : body
  const detail = `${shortened(`HTTP ${status} ${said}`)}${hintOf(status, code)}`
  const outcome = outcomeOfAnswer(answer, now)
  const { observed } = outcome
  if (status === 404) return refused({ _tag: "blocked", detail, observed }, code === "rest_no_route")
  switch (outcome._tag) {
    // no answer of a list or a batch but 200 says that something was done
    case "applied":
      return refused({ _tag: "unknown", detail, observed })
    // of one item these would speak: of a request they say that it was turned away
    case "stale":
    case "rejected":
      return refused({ _tag: "rejected", because: "request", detail, observed })
    case "accepted":
      return refused(outcome)
    case "notApplied":
    case "unknown":
    case "blocked":
      return refused({ ...outcome, detail })
  }
}

/** @param now milliseconds since the epoch */
export const readAnswer = (answer: HttpAnswer, now: number): WooCommerceAnswer => {
  if (answer.status !== 200) return refusalOf(answer, now)
  const body = decodeJson(answer.body)
  const { observed } = outcomeOfAnswer(answer, now)
  return body._tag === "Some"
    ? { _tag: "read", body: body.value, observed }
    : refused({ _tag: "unknown", detail: "the answer is not one of WooCommerce's REST API", observed })
}
