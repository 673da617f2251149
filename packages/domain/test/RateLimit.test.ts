import { Schema } from "effect"
import { assert, describe, it } from "vitest"
import { RateBudget } from "../src/Channel.ts"
import type { RateLimit } from "../src/RateLimit.ts"

const rate = { perSecond: 5, burst: 5, concurrency: 2 }
const decode = Schema.decodeUnknownSync(RateBudget)
const withLimit = (limit: unknown) => decode({ ...rate, limits: [limit] })

describe("a rate budget", () => {
  it("needs no limits, as definitions of before", () => {
    assert.deepStrictEqual(decode(rate), rate)
  })

  it("may have limits of every kind, and an account", () => {
    const limits: ReadonlyArray<RateLimit> = [
      { kind: "requests", max: 5_000, windowMillis: 86_400_000 },
      { kind: "items", max: 2_000, windowMillis: 60_000 },
      { kind: "cost", bucket: 2_000, restorePerSecond: 100, perRequest: 10 },
      { kind: "listingDay", max: 250, timeZone: "America/Los_Angeles" },
      { kind: "listingDay", max: 250 }
    ]
    assert.deepStrictEqual(decode({ ...rate, limits, account: "seller" }), { ...rate, limits, account: "seller" })
  })

  it.each([
    [{ kind: "requests", max: 0, windowMillis: 1_000 }, /max/],
    [{ kind: "items", max: 1, windowMillis: 1e12 }, /windowMillis/],
    [{ kind: "cost", bucket: 10, restorePerSecond: 1 }, /perRequest, perItem or both/],
    [{ kind: "cost", bucket: 10, restorePerSecond: 1, perRequest: 8, perItem: 3 }, /one item costs 11/],
    [{ kind: "listingDay", max: 250, timeZone: "Mars/Olympus" }, /time zone such as Europe\/Berlin/]
  ])("refuses %j", (limit, expected) => {
    assert.throws(() => withLimit(limit), expected)
  })
})
