/**
 * What an answer of Shopify's GraphQL Admin API says: refused, executed with errors, or executed.
 *
 * Guarantee: any bytes are understood as something. "Not applied" is said only where Shopify says so; an answer that is not
 * understood, or an error inside Shopify, leaves it unknown. Pure.
 */
import { Schema } from "effect"
import type { BudgetObservation } from "../budget/BudgetObservation.ts"
import { shopifyBudgets } from "../budget/SpokenBudget.ts"
import type { HttpAnswer } from "../http/HttpOutcome.ts"
import { outcomeOfAnswer, shortened } from "../http/HttpOutcome.ts"
import type { PushOutcome } from "../ChannelConnector.ts"

const Amount = Schema.Finite

const Cost = Schema.Struct({
  requestedQueryCost: Amount,
  throttleStatus: Schema.Struct({ currentlyAvailable: Amount, restoreRate: Amount })
})

const GraphqlError = Schema.Struct({
  message: Schema.optionalKey(Schema.String),
  extensions: Schema.optionalKey(Schema.Struct({ code: Schema.optionalKey(Schema.String) }))
})

const Answer = Schema.fromJsonString(
  Schema.Struct({
    data: Schema.optionalKey(Schema.Unknown),
    errors: Schema.optionalKey(Schema.Array(GraphqlError)),
    extensions: Schema.optionalKey(Schema.Struct({ cost: Schema.optionalKey(Schema.Unknown) }))
  })
)

const decodeAnswer = Schema.decodeUnknownOption(Answer)
const decodeCost = Schema.decodeUnknownOption(Cost)

/** `executed`: with the answer's data. `refused`: the whole request came to this outcome. */
export type ShopifyAnswer =
  | { readonly _tag: "executed"; readonly data: unknown; readonly observed?: ReadonlyArray<BudgetObservation> }
  | { readonly _tag: "refused"; readonly outcome: PushOutcome }

const refused = (outcome: PushOutcome): ShopifyAnswer => ({ _tag: "refused", outcome })

/** Codes of a whole shop that is closed to us. */
const blocking = new Set(["ACCESS_DENIED", "SHOP_INACTIVE", "UNAUTHORIZED", "FORBIDDEN"])

/** Codes of a request that was refused before anything was done, beside those of its static check, which begin in lower case. */
const refusing = new Set([
  "MAX_COST_EXCEEDED",
  "MAX_INPUT_SIZE_EXCEEDED",
  "BAD_REQUEST",
  "INVALID_VARIABLE",
  "GRAPHQL_VALIDATION_FAILED"
])

/** Milliseconds until the bucket has what the request costs. */
const throttleWait = (cost: unknown): number | undefined => {
  const read = decodeCost(cost)
  if (read._tag === "None") return undefined
  const { requestedQueryCost, throttleStatus } = read.value
  if (throttleStatus.restoreRate <= 0) return undefined
  const missing = requestedQueryCost - throttleStatus.currentlyAvailable
  return Math.max(0, Math.ceil((missing / throttleStatus.restoreRate) * 1_000))
}

const ofErrors = (errors: ReadonlyArray<typeof GraphqlError.Type>, hasData: boolean, cost: unknown): PushOutcome => {
  const codes = errors.map(({ extensions }) => extensions?.code ?? "")
  const detail = shortened(errors.map(({ message }, i) => `${codes[i]} ${message ?? ""}`.trim()).join("; "))
  if (codes.includes("THROTTLED"))
    return { _tag: "notApplied", because: "throttled", retryAfterMillis: throttleWait(cost), detail }
  if (hasData) return { _tag: "unknown", detail }
  if (codes.some((code) => blocking.has(code))) return { _tag: "blocked", detail }
  if (codes.every((code) => refusing.has(code) || /^[a-z]/.test(code)))
    return { _tag: "rejected", because: "request", detail }
  return { _tag: "unknown", detail }
}

/** What a status other than 200 says of a request about many items. */
const ofStatus = (answer: HttpAnswer, now: number): PushOutcome => {
  const outcome = outcomeOfAnswer(answer, now)
  const detail = shortened(`HTTP ${answer.status} ${answer.body}`)
  switch (answer.status) {
    // the shop is not there, frozen, locked, or its guard takes us for an attacker
    case 402:
    case 404:
    case 423:
    case 430:
      return { _tag: "blocked", detail }
  }
  // no answer of this API but 200 says that something was done
  if (outcome._tag === "applied") return { _tag: "unknown", detail }
  // of one item these would speak: of a request they say that it is not understood
  if (outcome._tag === "stale" || outcome._tag === "rejected") return { _tag: "rejected", because: "request", detail }
  return outcome
}

/** @param now milliseconds since the epoch */
export const readAnswer = (answer: HttpAnswer, now: number): ShopifyAnswer => {
  if (answer.status !== 200) return refused(ofStatus(answer, now))
  const read = decodeAnswer(answer.body)
  if (read._tag === "None") return refused({ _tag: "unknown", detail: "the answer is not one of a GraphQL API" })
  const { data = null, errors = [], extensions } = read.value
  const budgets = shopifyBudgets({ extensions })
  const observed = budgets.length === 0 ? {} : { observed: budgets }
  if (errors.length > 0) return refused({ ...ofErrors(errors, data !== null, extensions?.cost), ...observed })
  return { _tag: "executed", data, ...observed }
}
