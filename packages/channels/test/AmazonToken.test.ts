/** Access tokens of Login with Amazon, on virtual time: how long one is kept, and what it means that there is none. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { makeAmazonTokens, type TokenReading } from "../src/amazon/AmazonToken.ts"
import { amazonTokenMarginMillis } from "../src/ChannelLimit.ts"
import type { Exchange } from "../src/http/HttpOutcome.ts"

const credentials = Redacted.make({ clientId: "id", clientSecret: "hush", refreshToken: "Atzr|hush" })
const answered = (status: number, body: unknown, retryAfter?: string): Exchange => ({
  _tag: "answered",
  answer: { status, retryAfter, body: JSON.stringify(body) }
})
const granting = (asked: number): Exchange =>
  answered(200, { access_token: `Atza|${asked}`, token_type: "bearer", expires_in: 3_600 })

/** Login with Amazon that takes a second, and answers what it is to. */
const login = (reply: (asked: number) => Exchange = granting) => {
  let asked = 0
  const tokens = makeAmazonTokens(
    () =>
      Effect.suspend(() => {
        const exchange = reply((asked += 1))
        return Effect.as(Effect.sleep(1_000), exchange)
      }),
    "https://login.example/token",
    credentials
  )
  return { tokens, asked: () => asked }
}

/** What it comes to once so many milliseconds have passed. */
const after = <A>(millis: number, effect: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust(millis)
    return yield* Fiber.join(fiber)
  })

const said = (reading: TokenReading): string =>
  reading._tag === "token"
    ? `${Redacted.value(reading.token)} ${reading.isFresh ? "fresh" : "kept"}`
    : reading.outcome._tag

describe("an access token", () => {
  it.effect("is kept until shortly before its end", () =>
    Effect.gen(function* () {
      const { tokens } = login()
      const get = Effect.map(after(1_000, tokens.get(20_000)), said)
      assert.strictEqual(yield* get, "Atza|1 fresh")
      assert.strictEqual(yield* get, "Atza|1 kept")
      // two seconds passed already, and the request is its first moment
      yield* TestClock.adjust(3_600_000 - amazonTokenMarginMillis - 2_001)
      assert.strictEqual(yield* get, "Atza|1 kept")
      assert.strictEqual(yield* get, "Atza|2 fresh")
    })
  )

  it.effect("is asked for once by all who wait, and anew by who was turned away with it", () =>
    Effect.gen(function* () {
      const { tokens, asked } = login()
      const both = (spent?: Redacted.Redacted) =>
        after(1_000, Effect.all([tokens.get(20_000, spent), tokens.get(20_000, spent)], { concurrency: 2 }))
      const [first, second] = yield* both()
      assert.deepStrictEqual([said(first), said(second), asked()], ["Atza|1 fresh", "Atza|1 kept", 1])
      const spent = first._tag === "token" ? first.token : undefined
      assert.deepStrictEqual((yield* both(spent)).map(said), ["Atza|2 fresh", "Atza|2 kept"])
    })
  )

  const refusals: ReadonlyArray<readonly [string, Exchange, string]> = [
    ["a grant that is over", answered(400, { error: "invalid_grant" }), "blocked"],
    ["an application that is not known", answered(401, { error: "invalid_client" }), "blocked"],
    ["a redirect", answered(302, {}), "blocked"],
    ["too many requests", answered(429, {}, "7"), "notApplied"],
    ["a fault of its own", answered(500, {}), "notApplied"],
    ["an answer without a token", answered(200, {}), "notApplied"],
    ["a token that no header can hold", answered(200, { access_token: "a\nb", expires_in: 3_600 }), "notApplied"],
    ["a lost answer", { _tag: "failed", cause: new Error("reset") }, "notApplied"],
    ["silence", { _tag: "timedOut" }, "notApplied"]
  ]
  it.effect.each(refusals)("is not there for %s", ([, exchange, tag]) =>
    Effect.gen(function* () {
      const { tokens } = login(() => exchange)
      const reading = yield* after(1_000, tokens.get(20_000))
      assert.strictEqual(said(reading), tag)
      assert.notInclude(JSON.stringify(reading), "hush")
    })
  )

  it.effect("is waited for no longer than there is time", () =>
    Effect.gen(function* () {
      const { tokens } = login()
      assert.strictEqual(said(yield* after(300, tokens.get(300))), "notApplied")
    })
  )
})
