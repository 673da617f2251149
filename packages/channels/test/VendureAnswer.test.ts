/** What any bytes of Vendure come to: answers to a question, and to a write of stock levels. Those of a real server are marked. */
import { Sku } from "@holdfast/domain/Identity"
import { describe, expect, it } from "vitest"
import type { PushItem } from "../src/ChannelConnector.ts"
import { readAnswer } from "../src/vendure/VendureAnswer.ts"
import { outcomesOf, planOf, stocksOf, type Stocks } from "../src/vendure/VendureStock.ts"

const answer = (body: unknown, status = 200, retryAfter?: string) =>
  readAnswer({ status, retryAfter, body: typeof body === "string" ? body : JSON.stringify(body) }, 0)

const brief = (body: unknown, status = 200, retryAfter?: string) => {
  const read = answer(body, status, retryAfter)
  if (read._tag === "executed") return "executed"
  return "because" in read.outcome ? `${read.outcome._tag}/${read.outcome.because}` : read.outcome._tag
}

const failure = (code: string, message = "") => ({ errors: [{ message, extensions: { code } }], data: null })

describe("an answer of Vendure", () => {
  it.each([
    // as a real server said them, 3.7.3
    [
      "a session that is over",
      failure("FORBIDDEN", "You are not currently authorized to perform this action"),
      200,
      "blocked"
    ],
    [
      "a variant that is gone",
      failure("ENTITY_NOT_FOUND", "No ProductVariant with the id 9"),
      200,
      "notApplied/transient"
    ],
    ["a field that it has not", failure("GRAPHQL_VALIDATION_FAILED"), 400, "rejected/request"],
    ["a fault of its database", failure("INTERNAL_SERVER_ERROR", "violates foreign key constraint"), 200, "unknown"],
    // as they may come
    ["data beside an error", { data: { updateProductVariants: [] }, errors: [{ message: "no" }] }, 200, "unknown"],
    [
      "one fault among others that say nothing was done",
      { errors: [...failure("USER_INPUT_ERROR").errors, {}] },
      200,
      "unknown"
    ],
    ["an error that says nothing", { errors: [{}] }, 200, "unknown"],
    ["no JSON", "<html>", 200, "unknown"],
    ["no errors", { data: {} }, 200, "executed"],
    ["no API", "Cannot POST", 404, "blocked"],
    ["a guard before it", "", 403, "blocked"],
    ["a status of success that is not 200", "{}", 204, "unknown"],
    ["a fault", "", 500, "unknown"]
  ])("to %s", (_, body, status, outcome) => {
    expect(brief(body, status)).toBe(outcome)
  })

  it("says how long to wait where it is throttled", () => {
    expect(answer("", 429, "7")).toEqual({
      _tag: "refused",
      outcome: { _tag: "notApplied", because: "throttled", retryAfterMillis: 7_000, detail: "HTTP 429" }
    })
  })

  it("is shown to people in one short line", () => {
    const { outcome } = answer(failure("X", `a\n${"b".repeat(900)}`)) as { outcome: { detail: string } }
    expect(outcome.detail).toMatch(/^X a b+$/)
    expect(outcome.detail.length).toBe(200)
  })
})

const level = (stockOnHand: number, stockAllocated: number, stockLocationId = "1") => ({
  stockLocationId,
  stockOnHand,
  stockAllocated
})
const read = (items: ReadonlyArray<object>, located = true, trackInventory = true): Stocks | undefined =>
  stocksOf(
    { globalSettings: { trackInventory }, stockLocation: located ? { id: "1" } : null, productVariants: { items } },
    "1"
  )
const variant = (...stockLevels: ReadonlyArray<object>) => ({ id: "7", trackInventory: "INHERIT", stockLevels })
const item = (quantity: number, expected?: number): PushItem => ({
  sku: Sku.make("MUG"),
  quantity,
  version: 1,
  key: "k",
  expected
})
const plan = (stocks: Stocks | undefined, quantity: number, expected?: number) =>
  planOf(item(quantity, expected), "7", stocks!)

describe("a stock level of Vendure", () => {
  it.each([
    ["nothing was ever there", [], 5, 5],
    ["some is allocated", [level(10, 3)], 5, 8],
    ["more is allocated than there is", [level(1, 4)], 5, 9],
    ["more was released than was allocated", [level(0, -7)], 2, -5],
    ["there is some elsewhere", [level(10, 3), level(50, 40, "2")], 5, 8]
  ])("is set so that it shows the quantity where %s", (_, levels, quantity, stockOnHand) => {
    expect(plan(read([variant(...levels)]), quantity)).toEqual({ variantId: "7", stockOnHand, quantity })
  })

  it.each([
    [7, 10, { _tag: "applied" }],
    [9, 10, { _tag: "stale", actual: 7 }],
    [9, 7, { variantId: "7", stockOnHand: 12, quantity: 9 }],
    [9, undefined, { variantId: "7", stockOnHand: 12, quantity: 9 }],
    [0, 10, { variantId: "7", stockOnHand: 3, quantity: 0 }]
  ])("of 7 shown is told %i where %s is expected", (quantity, expected, outcome) => {
    expect(plan(read([variant(level(10, 3))]), quantity, expected)).toEqual(outcome)
  })

  it("is not set where Vendure does not count, does not list, or has no such place", () => {
    const because = (stocks: Stocks | undefined) => plan(stocks, 1)
    expect(because(read([variant()], true, false))).toMatchObject({ _tag: "rejected", because: "listingState" })
    expect(because(read([{ ...variant(), trackInventory: "FALSE" }]))).toMatchObject({ because: "listingState" })
    expect(because(read([{ ...variant(), trackInventory: "TRUE" }], true, false))).toMatchObject({ quantity: 1 })
    expect(because(read([]))).toMatchObject({ _tag: "rejected", because: "mapping" })
    expect(because(read([variant()], false))).toMatchObject({ _tag: "rejected", because: "mapping" })
    expect(read([{ id: 7 }])).toBeUndefined()
  })

  it("that shows too many after a write, since goods left the books meanwhile, is told anew; too few were sold", () => {
    const written = (...items: ReadonlyArray<object | null>) =>
      outcomesOf({ updateProductVariants: items }, "1", [{ variantId: "7", stockOnHand: 8, quantity: 5 }])[0]
    expect(written({ id: "7", stockLevels: [level(8, 3)] })).toEqual({ _tag: "applied" })
    expect(written({ id: "7", stockLevels: [level(8, 1)] })).toEqual({ _tag: "stale", actual: 7 })
    expect(written({ id: "7", stockLevels: [level(8, 4)] })).toEqual({ _tag: "applied" })
    expect(written({ id: "8", stockLevels: [level(8, 3)] })).toMatchObject({ _tag: "unknown" })
    expect(written(null)).toMatchObject({ _tag: "unknown" })
    expect(outcomesOf("no", "1", [{ variantId: "7", stockOnHand: 8, quantity: 5 }])).toMatchObject([
      { _tag: "unknown" }
    ])
  })
})
