/**
 * What channels say of their budgets, read from their answers: headers by the IETF draft, and those of single vendors.
 *
 * Guarantee: pure. What is absent or not understood is not learned: nothing here fails, and no nonsense becomes a limit. Header
 * names are given in lower case; times are milliseconds since the epoch. `Retry-After` is `HttpOutcome`'s.
 */
import type { BudgetObservation } from "./BudgetObservation.ts"

/** Headers of an answer by their names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>

type Observations = ReadonlyArray<BudgetObservation>

const secondMillis = 1_000
const dayMillis = 24 * 60 * 60 * 1000

/** A plain number, not negative; undefined when it is anything else. */
const numberOf = (text: unknown): number | undefined => {
  const plain = typeof text === "string" ? text.trim() : text
  if (typeof plain === "number") return Number.isFinite(plain) && plain >= 0 ? plain : undefined
  return typeof plain === "string" && /^\d{1,15}(\.\d{1,9})?$/.test(plain) ? Number(plain) : undefined
}

/** Only the fields that are known; nothing when none of them limits anything. */
const observation = (
  kind: BudgetObservation["kind"],
  fields: { readonly [Name in keyof Omit<BudgetObservation, "kind">]: number | undefined }
): Observations => {
  const { remaining, restorePerSecond } = fields
  if (remaining === undefined && restorePerSecond === undefined) return []
  return [{ kind, ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) }]
}

const after = (now: number, seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : now + seconds * secondMillis

/** Items of a structured field list (RFC 9651): the name of each, and its parameters. A comma within quotes does not part. */
const itemsOf = (text: string): ReadonlyArray<{ readonly name: string; readonly parameters: Map<string, string> }> =>
  (text.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? []).map((item) => {
    const [name = "", ...parameters] = item.match(/(?:"(?:[^"\\]|\\.)*"|[^;"])+/g) ?? []
    const pairs = parameters.map((each) => each.trim().split("=", 2))
    return {
      name: name.trim().replaceAll('"', ""),
      parameters: new Map(pairs.map(([key = "", value = ""]) => [key, value.replaceAll('"', "")]))
    }
  })

/** `RateLimit: "default";r=50;t=30` with `RateLimit-Policy: "default";q=100;w=10`: the draft since its eighth version. */
const draftFields = (headers: AnswerHeaders, now: number): Observations => {
  const policies = new Map(itemsOf(headers["ratelimit-policy"] ?? "").map((each) => [each.name, each.parameters]))
  return itemsOf(headers["ratelimit"] ?? "").flatMap(({ name, parameters }) => {
    const policy = policies.get(name)
    // a quota of bytes, or of requests at once, is not one of requests
    if ((policy?.get("qu") ?? "requests") !== "requests") return []
    const windowSeconds = numberOf(policy?.get("w"))
    return observation("requests", {
      max: numberOf(policy?.get("q")),
      windowMillis: windowSeconds === undefined ? undefined : windowSeconds * secondMillis,
      remaining: numberOf(parameters.get("r")),
      resetAt: after(now, numberOf(parameters.get("t")))
    })
  })
}

/** `RateLimit-Limit`, `-Remaining`, `-Reset` (seconds): the draft before. The limit may carry policies: `100, 100;w=10`. */
const olderFields = (headers: AnswerHeaders, now: number): Observations =>
  observation("requests", {
    max: numberOf(headers["ratelimit-limit"]?.split(/[,;]/)[0]),
    remaining: numberOf(headers["ratelimit-remaining"]),
    resetAt: after(now, numberOf(headers["ratelimit-reset"]))
  })

/** Headers of the IETF draft `draft-ietf-httpapi-ratelimit-headers`, in its forms of today and of before. */
export const rateLimitFields = (headers: AnswerHeaders, now: number): Observations => {
  const today = draftFields(headers, now)
  return today.length > 0 ? today : olderFields(headers, now)
}

/** `X-Rate-Limit-{Time-Window-Ms,Time-Reset-Ms,Requests-Quota,Requests-Left}` of BigCommerce. */
export const bigCommerceBudgets = (headers: AnswerHeaders, now: number): Observations => {
  const resetMillis = numberOf(headers["x-rate-limit-time-reset-ms"])
  return observation("requests", {
    max: numberOf(headers["x-rate-limit-requests-quota"]),
    windowMillis: numberOf(headers["x-rate-limit-time-window-ms"]),
    remaining: numberOf(headers["x-rate-limit-requests-left"]),
    resetAt: resetMillis === undefined ? undefined : now + resetMillis
  })
}

/** `x-limit-per-second`, `x-remaining-this-second`, `x-limit-per-day`, `x-remaining-today` of Etsy. It names no end of its day. */
export const etsyBudgets = (headers: AnswerHeaders, now: number): Observations => {
  const perSecond = numberOf(headers["x-limit-per-second"])
  return [
    ...observation("requests", {
      max: perSecond,
      windowMillis: secondMillis,
      remaining: numberOf(headers["x-remaining-this-second"]),
      resetAt: now + secondMillis,
      restorePerSecond: perSecond
    }),
    ...observation("requests", {
      max: numberOf(headers["x-limit-per-day"]),
      windowMillis: dayMillis,
      remaining: numberOf(headers["x-remaining-today"])
    })
  ]
}

/** `x-amzn-RateLimit-Limit` of Amazon's selling partner API: requests per second of this account and application. */
export const amazonBudgets = (headers: AnswerHeaders): Observations =>
  observation("requests", { restorePerSecond: numberOf(headers["x-amzn-ratelimit-limit"]) })

const at = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined

/** `extensions.cost.throttleStatus` of an answer of Shopify's GraphQL API. @param body as parsed */
export const shopifyBudgets = (body: unknown): Observations => {
  const status = at(at(at(body, "extensions"), "cost"), "throttleStatus")
  return observation("cost", {
    max: numberOf(at(status, "maximumAvailable")),
    remaining: numberOf(at(status, "currentlyAvailable")),
    restorePerSecond: numberOf(at(status, "restoreRate"))
  })
}
