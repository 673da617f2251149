/** How a channel tells of its orders, as its definition says it: called or asked, and what is said of what is wrong. */
import { Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { ChannelDefinition, isPolled } from "../src/Channel.ts"

const decode = (inbound: unknown) =>
  Schema.decodeUnknownResult(ChannelDefinition)({
    id: "shop",
    name: "Shop",
    connector: "webhook",
    endpoint: "http://127.0.0.1:1",
    inbound,
    buffer: 0,
    timing: { model: "realtime" },
    budgetMillis: 1_000,
    objective: 0.99,
    rate: { perSecond: 1, burst: 1, concurrency: 1 },
    timeoutMillis: 100
  })

describe("what a definition says of inbound orders", () => {
  it.each([
    [{ format: "woocommerce", secretEnv: "IN" }, false],
    [{ format: "standardWebhooks", secretEnv: "IN" }, false],
    [{ format: "vendure", everyMillis: 1_000 }, true],
    [{ format: "vendure", everyMillis: 100, secretEnv: "IN" }, true]
  ])("is kept: %j", (inbound, polled) => {
    const definition = Result.getOrThrow(decode(inbound))
    expect(definition.inbound).toEqual(inbound)
    expect(isPolled(definition.inbound!)).toBe(polled)
  })

  it.each([
    [{ format: "vendure" }, /^Missing key\s+at \["inbound"\]\["everyMillis"\]$/],
    [{ format: "vendure", everyMillis: 99 }, /^must be a whole number from 100 to 86400000, got 99\s/],
    [{ format: "woocommerce" }, /^Missing key\s+at \["inbound"\]\["secretEnv"\]$/],
    [{ format: "fax", secretEnv: "IN" }, /\["inbound"\]/]
  ])("is refused by the field that is wrong, and by nothing else: %j", (inbound, message) => {
    const result = decode(inbound)
    expect(Result.isFailure(result) ? result.failure.message : "").toMatch(message)
  })
})
