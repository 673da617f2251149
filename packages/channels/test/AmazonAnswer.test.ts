/** What Amazon's answers mean, byte by byte, and what is said to it. */
import { Sku } from "@holdfast/domain/Identity"
import { describe, expect, it } from "vitest"
import { readAmazonAnswer } from "../src/amazon/AmazonAnswer.ts"
import { queryOf } from "../src/amazon/AmazonApi.ts"
import {
  findListings,
  outcomeOfSubmission,
  quantitiesOf,
  setQuantity,
  unnameable
} from "../src/amazon/AmazonListings.ts"
import { changeOf } from "../src/testing/amazon/AmazonSchemas.ts"

const now = Date.UTC(2026, 10, 25)
const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  readAmazonAnswer({ status, retryAfter: headers["retry-after"], headers, body: JSON.stringify(body) }, now)
const errors = (code: string, message = "no") => ({ errors: [{ code, message, details: "" }] })
const outcome = (status: number, body: unknown, headers?: Readonly<Record<string, string>>) => {
  const read = answer(status, body, headers)
  if (read._tag !== "refused") throw new Error(`was read: ${JSON.stringify(read)}`)
  return read.outcome
}

describe("an answer of Amazon", () => {
  it("is read with what it says of the rate", () => {
    expect(answer(200, { sku: "A" }, { "x-amzn-ratelimit-limit": "5.0" })).toEqual({
      _tag: "read",
      body: { sku: "A" },
      observed: [{ kind: "requests", restorePerSecond: 5 }]
    })
  })

  it("is throttled when the quota is spent, for as long as it says", () => {
    const body = errors("QuotaExceeded", "You exceeded your quota for the requested resource.")
    expect(outcome(429, body)).toMatchObject({ _tag: "notApplied", because: "throttled", retryAfterMillis: undefined })
    expect(outcome(429, body, { "retry-after": "3" })).toMatchObject({ retryAfterMillis: 3_000 })
    expect(outcome(429, body)).toMatchObject({ detail: expect.stringContaining("QuotaExceeded: You exceeded") })
  })

  it.each([
    [400, "rejected", "request"],
    [404, "rejected", "mapping"],
    [409, "rejected", "request"],
    [413, "rejected", "request"],
    [415, "rejected", "request"],
    [422, "rejected", "request"],
    [403, "blocked", undefined],
    [500, "unknown", undefined],
    [503, "unknown", undefined],
    [202, "unknown", undefined]
  ])("of status %s is %s", (status, tag, because) => {
    const { _tag, ...rest } = outcome(status, errors("Code"))
    expect([_tag, "because" in rest ? rest.because : undefined]).toEqual([tag, because])
    expect(JSON.stringify(rest)).toContain("Code")
  })

  it("that is no JSON leaves it unknown", () => {
    const read = readAmazonAnswer({ status: 200, retryAfter: undefined, body: "<html>" }, now)
    expect(read).toMatchObject({ _tag: "refused", outcome: { _tag: "unknown" } })
  })
})

describe("what becomes of a change", () => {
  const issue = (change: object = {}) => ({
    code: "90117",
    message: "no",
    severity: "ERROR",
    categories: [],
    ...change
  })
  const submission = (status: string, issues: ReadonlyArray<object> = []) =>
    outcomeOfSubmission({ sku: "A", status, submissionId: "f1dc", issues })

  it("is accepted under its submission, warnings or not", () => {
    expect(submission("ACCEPTED")).toEqual({ _tag: "accepted", job: "f1dc" })
    expect(submission("ACCEPTED", [issue({ severity: "WARNING" })])._tag).toBe("accepted")
  })

  it("is rejected for its value when an error is about the quantity, else for the state of the listing", () => {
    const about = issue({ attributeNames: ["fulfillment_availability"] })
    expect(submission("INVALID", [about])).toEqual({ _tag: "rejected", because: "value", detail: "90117: no" })
    expect(submission("INVALID", [issue()])).toMatchObject({ because: "listingState" })
    expect(submission("INVALID")).toMatchObject({ _tag: "rejected", detail: "INVALID, without an issue" })
  })

  it.each([[null], [[]], [{}], [{ status: "ACCEPTED" }], [{ status: 7, submissionId: "x" }]])(
    "is unknown when the answer is %j",
    (body) => {
      expect(outcomeOfSubmission(body)._tag).toBe("unknown")
    }
  )

  it("is not taken for done when it was only looked at", () => {
    expect(submission("VALID")._tag).toBe("unknown")
  })
})

describe("what is shown", () => {
  const availability = (fulfillmentChannelCode: string, quantity?: number) => ({
    fulfillmentChannelCode,
    ...(quantity === undefined ? {} : { quantity })
  })

  it("is the quantity of the merchant's own stock", () => {
    const item = { sku: "A", fulfillmentAvailability: [availability("AMAZON_NA", 5), availability("DEFAULT", 7)] }
    expect(quantitiesOf(item)).toEqual(new Map([["A", 7]]))
    const other = { sku: "B", fulfillmentAvailability: [availability("AMAZON_NA")] }
    expect(quantitiesOf({ items: [item, other, { sku: "C" }] })).toEqual(new Map([["A", 7]]))
  })

  it.each([[null], [7], [{}], [{ items: [{ sku: 7 }] }], [{ sku: "A", fulfillmentAvailability: {} }]])(
    "is not read out of %j",
    (body) => {
      expect(quantitiesOf(body)).toBeUndefined()
    }
  )
})

describe("what is said to Amazon", () => {
  const seller = { sellerId: "A3TH9S8BH6GOGM", marketplaceId: "ATVPDKIKX0DER" }
  const item = { sku: Sku.make("a/b #1+ü"), quantity: 7, version: 1, key: "k", expected: undefined }

  it("keeps the published schema, and leaves the rest of the availability alone", () => {
    const { body, method, target } = setQuantity(seller, item)
    expect(changeOf(body)).toEqual(body)
    expect(body).toMatchObject({ patches: [{ op: "merge", path: "/attributes/fulfillment_availability" }] })
    expect(method).toBe("PATCH")
    const path = "/listings/2021-08-01/items/A3TH9S8BH6GOGM/a%2Fb%20%231%2B%C3%BC"
    expect(target).toBe(`${path}?marketplaceIds=ATVPDKIKX0DER`)
  })

  it("names several listings in one query, each percent-encoded", () => {
    const { target } = findListings(seller, [Sku.make("a b"), Sku.make("c&d")])
    expect(target).toContain("identifiers=a%20b,c%26d&identifiersType=SKU")
    expect(target).toContain("pageSize=2")
    expect(queryOf({ a: undefined, b: ["1", "2"], c: "x" })).toBe("?b=1,2&c=x")
  })

  it("never names a path of dots", () => {
    expect(unnameable(Sku.make(".."))).toMatchObject({ _tag: "rejected", because: "mapping" })
    expect(unnameable(Sku.make("..."))).toBeUndefined()
  })
})
