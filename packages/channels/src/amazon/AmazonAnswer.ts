/**
 * What an answer of Amazon's Selling Partner API says: refused, or a body to read.
 *
 * Guarantee: any bytes are understood as something. "Not applied" is said only where Amazon says so; an answer that is not
 * understood, or an error inside Amazon, leaves it unknown. Pure.
 */
import { Option, Schema } from "effect"
import type { BudgetObservation } from "../budget/BudgetObservation.ts"
import { amazonBudgets } from "../budget/SpokenBudget.ts"
import type { PushOutcome } from "../ChannelConnector.ts"
import { shortened } from "../http/AnswerText.ts"
import { type HttpAnswer, outcomeOfAnswer } from "../http/HttpOutcome.ts"

const ErrorList = Schema.fromJsonString(
  Schema.Struct({ errors: Schema.Array(Schema.Struct({ code: Schema.String, message: Schema.String })) })
)
const decodeErrors = Schema.decodeUnknownOption(ErrorList)
const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** `read`: with the parsed body. `refused`: the request came to this outcome. */
export type AmazonAnswer =
  | { readonly _tag: "read"; readonly body: unknown; readonly observed?: ReadonlyArray<BudgetObservation> }
  | { readonly _tag: "refused"; readonly outcome: PushOutcome }

export const refused = (outcome: PushOutcome): AmazonAnswer => ({ _tag: "refused", outcome })

const detailOf = ({ status, body }: HttpAnswer): string => {
  const said = Option.match(decodeErrors(body), {
    onNone: () => body,
    onSome: ({ errors }) => errors.map(({ code, message }) => `${code}: ${message}`).join("; ")
  })
  return shortened(`HTTP ${status} ${said}`)
}

/** What a status other than 200 says of a request about one listing. */
const ofStatus = (answer: HttpAnswer, now: number): PushOutcome => {
  const outcome = outcomeOfAnswer(answer, now)
  const detail = detailOf(answer)
  // no answer of this API but 200 says that something was taken
  if (outcome._tag === "applied" || outcome._tag === "accepted") return { _tag: "unknown", detail }
  // a request that is not understood: nothing of it was compared or written
  if (outcome._tag === "stale") return { _tag: "rejected", because: "request", detail }
  if (outcome._tag === "rejected") return { ...outcome, because: answer.status === 404 ? "mapping" : "request", detail }
  return { ...outcome, detail }
}

/** @param now milliseconds since the epoch */
export const readAmazonAnswer = (answer: HttpAnswer, now: number): AmazonAnswer => {
  const budgets = amazonBudgets(answer.headers ?? {})
  const observed = budgets.length === 0 ? {} : { observed: budgets }
  if (answer.status !== 200) return refused({ ...ofStatus(answer, now), ...observed })
  const read = decodeJson(answer.body)
  if (Option.isNone(read)) return refused({ _tag: "unknown", detail: "the answer is not JSON", ...observed })
  return { _tag: "read", body: read.value, ...observed }
}
