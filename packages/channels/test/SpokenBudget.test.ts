import { assert, describe, it } from "@effect/vitest"
import {
  amazonBudgets,
  bigCommerceBudgets,
  etsyBudgets,
  rateLimitFields,
  shopifyBudgets
} from "../src/budget/SpokenBudget.ts"
import { outcomeOfAnswer } from "../src/http/HttpOutcome.ts"

const now = Date.parse("2026-11-23T06:00:00Z")
const dayMillis = 86_400_000

describe("what channels say of their budgets", () => {
  it("Shopify: the throttle status of a GraphQL answer, throttled or not", () => {
    const throttleStatus = { maximumAvailable: 2000.0, currentlyAvailable: 1990, restoreRate: 100.0 }
    const cost = { requestedQueryCost: 10, actualQueryCost: 10, throttleStatus }
    const told = [{ kind: "cost" as const, max: 2000, remaining: 1990, restorePerSecond: 100 }]
    assert.deepStrictEqual(shopifyBudgets({ data: {}, extensions: { cost } }), told)
    const throttled = {
      errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }],
      extensions: {
        cost: {
          requestedQueryCost: 202,
          actualQueryCost: null,
          throttleStatus: { ...throttleStatus, currentlyAvailable: 118 }
        }
      }
    }
    assert.deepInclude(shopifyBudgets(throttled)[0], { remaining: 118 })
    for (const body of [undefined, null, "throttled", {}, { extensions: null }, { extensions: { cost: [] } }])
      assert.deepStrictEqual(shopifyBudgets(body), [])
    assert.deepStrictEqual(
      shopifyBudgets({ extensions: { cost: { throttleStatus: { currentlyAvailable: -4, restoreRate: "soon" } } } }),
      []
    )
  })

  it("BigCommerce: quota, window and reset in milliseconds", () => {
    const headers = {
      "x-rate-limit-time-window-ms": "30000",
      "x-rate-limit-time-reset-ms": "15000",
      "x-rate-limit-requests-quota": "150",
      "x-rate-limit-requests-left": "148"
    }
    assert.deepStrictEqual(bigCommerceBudgets(headers, now), [
      { kind: "requests", max: 150, windowMillis: 30_000, remaining: 148, resetAt: now + 15_000 }
    ])
    assert.deepStrictEqual(bigCommerceBudgets({}, now), [])
  })

  it("Etsy: per second and per day", () => {
    const headers = {
      "x-limit-per-second": "150",
      "x-remaining-this-second": "149",
      "x-limit-per-day": "100000",
      "x-remaining-today": "99999"
    }
    assert.deepStrictEqual(etsyBudgets(headers, now), [
      {
        kind: "requests",
        max: 150,
        windowMillis: 1_000,
        remaining: 149,
        resetAt: now + 1_000,
        restorePerSecond: 150
      },
      { kind: "requests", max: 100_000, windowMillis: dayMillis, remaining: 99_999 }
    ])
    assert.deepStrictEqual(etsyBudgets({}, now), [])
  })

  it("Amazon: requests per second, fractions too", () => {
    assert.deepStrictEqual(amazonBudgets({ "x-amzn-ratelimit-limit": "5.0" }), [
      { kind: "requests", restorePerSecond: 5 }
    ])
    assert.deepStrictEqual(amazonBudgets({ "x-amzn-ratelimit-limit": "0.0083" }), [
      { kind: "requests", restorePerSecond: 0.0083 }
    ])
    assert.deepStrictEqual(amazonBudgets({ "x-amzn-ratelimit-limit": "many" }), [])
  })

  it("the IETF draft of today: several policies, those of requests only", () => {
    const headers = {
      ratelimit: '"burst";r=9;t=1, "daily, all";r=4800;t=36000, "bytes";r=0;t=5',
      "ratelimit-policy": '"burst";q=10;w=1,"daily, all";q=5000;w=86400,"bytes";q=65535;qu="content-bytes";w=10'
    }
    assert.deepStrictEqual(rateLimitFields(headers, now), [
      { kind: "requests", max: 10, windowMillis: 1_000, remaining: 9, resetAt: now + 1_000 },
      { kind: "requests", max: 5_000, windowMillis: dayMillis, remaining: 4_800, resetAt: now + 36_000_000 }
    ])
    assert.deepStrictEqual(rateLimitFields({ ratelimit: '"default";r=50;t=30' }, now), [
      { kind: "requests", remaining: 50, resetAt: now + 30_000 }
    ])
  })

  it("the IETF draft of before", () => {
    const headers = { "ratelimit-limit": "100, 100;w=10", "ratelimit-remaining": "50", "ratelimit-reset": "50" }
    assert.deepStrictEqual(rateLimitFields(headers, now), [
      { kind: "requests", max: 100, remaining: 50, resetAt: now + 50_000 }
    ])
  })

  it.each(["", ",;,=", '"', '"x";r=-1', '"x";r=1e9', "a".repeat(10_000), '"x";r="";t=', ";".repeat(10_000)])(
    "learns nothing from nonsense: %j",
    (ratelimit) => assert.deepStrictEqual(rateLimitFields({ ratelimit, "ratelimit-remaining": "lots" }, now), [])
  )

  it("goes along with the outcome, whatever that is", () => {
    const headers = { ratelimit: '"default";r=0;t=30' }
    const observed = [{ kind: "requests" as const, remaining: 0, resetAt: now + 30_000 }]
    for (const status of [204, 429, 500])
      assert.deepInclude(outcomeOfAnswer({ status, retryAfter: undefined, headers, body: "" }, now), { observed })
    assert.notProperty(outcomeOfAnswer({ status: 204, retryAfter: undefined, headers: {}, body: "" }, now), "observed")
  })
})
