/** What answers of Shopify's API come to, byte by byte. */
import { describe, expect, it } from "vitest"
import { readAnswer } from "../src/shopify/ShopifyAnswer.ts"
import { outcomesOf, quantitiesOf } from "../src/shopify/ShopifyOutcome.ts"

const answered = (status: number, body: unknown, retryAfter?: string) =>
  readAnswer({ status, retryAfter, body: typeof body === "string" ? body : JSON.stringify(body) }, 0)
const refusalOf = (status: number, body: unknown, retryAfter?: string) => {
  const answer = answered(status, body, retryAfter)
  if (answer._tag !== "refused") return answer._tag
  return "because" in answer.outcome ? `${answer.outcome._tag}/${answer.outcome.because}` : answer.outcome._tag
}
const errors = (...codes: ReadonlyArray<string>) => codes.map((code) => ({ message: "no", extensions: { code } }))
const throttled = (currentlyAvailable: number, restoreRate: number) => ({
  errors: errors("THROTTLED"),
  extensions: {
    cost: { requestedQueryCost: 10, throttleStatus: { maximumAvailable: 2_000, currentlyAvailable, restoreRate } }
  }
})
const written = (...userErrors: ReadonlyArray<object>) => ({ inventorySetQuantities: { userErrors } })
const error = (code: string | null, index?: number) => ({
  code,
  field: index === undefined ? null : ["input", "quantities", String(index), "quantity"],
  message: "no"
})
const tags = (data: unknown, count = 3) =>
  outcomesOf(data, count).map((outcome) => ("because" in outcome ? `${outcome._tag}/${outcome.because}` : outcome._tag))

describe("an answer of Shopify", () => {
  it.each([
    [200, { errors: errors("ACCESS_DENIED") }, "blocked"],
    [200, { errors: errors("SHOP_INACTIVE"), data: null }, "blocked"],
    [200, { errors: errors("INTERNAL_SERVER_ERROR") }, "unknown"],
    [200, { errors: errors("undefinedField", "missingRequiredArguments") }, "rejected/request"],
    [200, { errors: errors("undefinedField", "INTERNAL_SERVER_ERROR") }, "unknown"],
    [200, { errors: errors("BAD_REQUEST") }, "rejected/request"],
    [200, { errors: errors("BAD_REQUEST"), data: {} }, "unknown"],
    [200, { errors: [{ message: "no code" }] }, "unknown"],
    [200, "no JSON", "unknown"],
    [200, { data: {} }, "executed"],
    [201, { data: {} }, "unknown"],
    [302, "", "blocked"],
    [400, "", "rejected/request"],
    [401, "", "blocked"],
    [402, "", "blocked"],
    [403, "", "blocked"],
    [404, "", "blocked"],
    [409, "", "rejected/request"],
    [422, "", "rejected/request"],
    [423, "", "blocked"],
    [429, "", "notApplied/throttled"],
    [430, "", "blocked"],
    [500, "", "unknown"],
    [502, "", "unknown"],
    [503, "", "unknown"]
  ])("of %i and %o is %s", (status, body, expected) => {
    expect(refusalOf(status, body)).toBe(expected)
  })

  it("that throttles says for how long by what it costs", () => {
    const waitOf = (body: object) => {
      const answer = answered(200, body)
      return answer._tag === "refused" && answer.outcome._tag === "notApplied" ? answer.outcome.retryAfterMillis : "?"
    }
    expect(waitOf(throttled(0, 100))).toBe(100)
    expect(waitOf(throttled(7, 100))).toBe(30)
    expect(waitOf(throttled(20, 100))).toBe(0)
    expect(waitOf(throttled(0, 0))).toBeUndefined()
    expect(waitOf({ errors: errors("THROTTLED") })).toBeUndefined()
  })
})

describe("an answer to a write", () => {
  it("speaks for all items when there is no error", () => {
    expect(tags(written())).toEqual(["applied", "applied", "applied"])
  })

  it.each([
    ["CHANGE_FROM_QUANTITY_STALE", "stale"],
    ["INVALID_INVENTORY_ITEM", "rejected/mapping"],
    ["INVALID_LOCATION", "rejected/mapping"],
    ["NON_MUTABLE_INVENTORY_ITEM", "rejected/listingState"],
    ["INVALID_QUANTITY_TOO_HIGH", "rejected/value"],
    ["SOMETHING_NEW", "rejected/request"],
    [null, "rejected/request"]
  ])("speaks with %s about one item, and the others were not written either", (code, expected) => {
    expect(tags(written(error(code, 1)))).toEqual(["notApplied/batchMate", expected, "notApplied/batchMate"])
  })

  it.each([
    ["IDEMPOTENCY_CONCURRENT_REQUEST", "unknown"],
    ["IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "stale"],
    ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "rejected/request"],
    ["INVALID_REASON", "rejected/request"]
  ])("speaks with %s about all items", (code, expected) => {
    expect(tags(written(error(code)))).toEqual([expected, expected, expected])
  })

  it("that names an item which was not sent speaks about all", () => {
    expect(tags(written(error("INVALID_INVENTORY_ITEM", 3)))).toEqual(Array(3).fill("rejected/mapping"))
  })

  it.each([null, {}, { inventorySetQuantities: null }, { inventorySetQuantities: {} }, written({ code: 7 })])(
    "that is %o leaves it unknown",
    (data) => {
      expect(tags(data)).toEqual(["unknown", "unknown", "unknown"])
    }
  )
})

it("an answer to a query is what is shown, without items that the shop or the location does not have", () => {
  const quantities = [
    { name: "on_hand", quantity: 9 },
    { name: "available", quantity: 7 }
  ]
  const nodes = [null, {}, { id: "1", inventoryLevel: { quantities } }, { id: "2", inventoryLevel: null }]
  expect(quantitiesOf({ nodes })).toEqual(new Map([["1", 7]]))
  expect(quantitiesOf({ nodes: [7] })).toBeUndefined()
})
