/** What a channel's definition keeps of what people write, and which changes reach it otherwise. */
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { ChannelDefinition, isPolled } from "../src/Channel.ts"
import { isReachedAlike } from "../src/ChannelChange.ts"

const written = {
  id: "amazon",
  name: "Amazon",
  connector: "amazon",
  endpoint: "https://sellingpartnerapi-eu.amazon.com",
  secretEnv: "AMAZON_LOGIN",
  amazon: { sellerId: "A3TH9S8BH6GOGM", marketplaceId: "A1PA6795UKMFR9" },
  inbound: { format: "amazon", everyMillis: 180_000 },
  buffer: 1,
  timing: { model: "realtime" },
  budgetMillis: 120_000,
  objective: 0.99,
  rate: { perSecond: 5, burst: 5, concurrency: 2 },
  timeoutMillis: 10_000
}
const decode = Schema.decodeUnknownSync(ChannelDefinition)

describe("a channel's definition", () => {
  it("tells a channel that is asked from one that calls, by the same name", () => {
    const asked = decode(written)
    expect(asked).toEqual(written)
    expect(isPolled(asked.inbound!)).toBe(true)
    const calls = decode({ ...written, inbound: { format: "amazon", secretEnv: "KEY" } })
    expect(isPolled(calls.inbound!)).toBe(false)
  })

  it.each([
    ["sellerId", { ...written.amazon, sellerId: "a seller" }],
    ["marketplaceId", { sellerId: written.amazon.sellerId }],
    ["settleMillis", { ...written.amazon, settleMillis: -1 }]
  ])("names what is wrong with amazon.%s", (field, amazon) => {
    expect(() => decode({ ...written, amazon })).toThrow(field)
  })

  it("is reached otherwise when it is another seller, and alike when it is told at another pace", () => {
    const one = decode(written)
    expect(isReachedAlike(one, decode({ ...written, amazon: { ...written.amazon, sellerId: "A2OTHERSELLER" } }))).toBe(
      false
    )
    expect(isReachedAlike(one, decode({ ...written, rate: { ...written.rate, perSecond: 1 } }))).toBe(true)
  })
})
