import { assert, describe, it } from "@effect/vitest"
import { outcomeOfAnswer, outcomeOfFailure, retryAfterMillis } from "../src/http/HttpOutcome.ts"

const now = Date.parse("2026-11-23T06:00:00Z")
const told = (status: number, retryAfter?: string, body = "") => outcomeOfAnswer({ status, retryAfter, body }, now)
const named = (code: string, more: object = {}) => Object.assign(new Error(`failed with ${code}`), { code, ...more })

describe("HttpOutcome", () => {
  it("reads Retry-After as seconds or as a date, and nothing else", () => {
    assert.deepStrictEqual(
      ["0", "120", " 7 ", "Mon, 23 Nov 2026 06:01:30 GMT", "Mon, 23 Nov 2026 05:00:00 GMT"].map((text) =>
        retryAfterMillis(text, now)
      ),
      [0, 120_000, 7_000, 90_000, 0]
    )
    for (const text of [undefined, "", "1.5", "-1", "soon", "2026-11-23", "99999999999"]) {
      assert.isUndefined(retryAfterMillis(text, now), text)
    }
  })

  it.each([
    [200, "applied"],
    [202, "applied"],
    [204, "applied"],
    [301, "blocked"],
    [307, "blocked"],
    [400, "rejected request"],
    [401, "blocked"],
    [403, "blocked"],
    [404, "rejected mapping"],
    [408, "notApplied transient"],
    [409, "stale"],
    [410, "blocked"],
    [412, "stale"],
    [413, "rejected request"],
    [422, "rejected value"],
    [425, "notApplied transient"],
    [429, "notApplied throttled"],
    [500, "unknown"],
    [502, "unknown"],
    [503, "unknown"],
    [504, "unknown"]
  ])("takes HTTP %i for %s", (status, expected) => {
    const outcome = told(status)
    assert.strictEqual("because" in outcome ? `${outcome._tag} ${outcome.because}` : outcome._tag, expected)
  })

  it("trusts a server that is away only when it says when it comes back", () => {
    assert.deepInclude(told(503, "3"), { _tag: "notApplied", because: "transient", retryAfterMillis: 3_000 })
    assert.deepInclude(told(429, "Mon, 23 Nov 2026 06:00:10 GMT"), { because: "throttled", retryAfterMillis: 10_000 })
  })

  it("reads what a channel shows from the answer that refuses an older version", () => {
    assert.deepStrictEqual(told(409, undefined, '{"quantity":7}'), { _tag: "stale", actual: 7 })
    for (const body of ["", "null", "7", '{"quantity":"7"}', '{"quantity":1.5}', "<html>"]) {
      assert.deepStrictEqual(told(409, undefined, body), { _tag: "stale", actual: undefined })
    }
  })

  it("shows people the beginning of an answer on one line", () => {
    const outcome = told(400, undefined, `no\n\u0007such \u001b[31m field ${"x".repeat(1_000)}`)
    assert.match((outcome as { detail: string }).detail, /^HTTP 400: no such \[31m field x{10,}$/)
    assert.isBelow((outcome as { detail: string }).detail.length, 230)
  })

  it.each([
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ENETUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "CERT_HAS_EXPIRED"
  ])("is certain that nothing happened after %s", (code) => {
    assert.deepInclude(outcomeOfFailure(named(code)), { _tag: "notApplied", because: "transient" })
    assert.deepInclude(outcomeOfFailure(new Error("fetch failed", { cause: named(code) })), { _tag: "notApplied" })
  })

  it("is certain that nothing happened when connecting failed, whatever the code", () => {
    assert.strictEqual(outcomeOfFailure(named("ETIMEDOUT", { syscall: "connect" }))._tag, "notApplied")
  })

  it.each([
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "UND_ERR_SOCKET",
    "UND_ERR_HEADERS_TIMEOUT",
    "UND_ERR_ABORTED",
    "HPE_INVALID_CONSTANT",
    ""
  ])("does not know what happened after %s", (code) =>
    assert.strictEqual(outcomeOfFailure(named(code))._tag, "unknown")
  )

  it("does not know what happened after something that is not an error", () => {
    for (const cause of [undefined, null, "gone", 7, {}]) assert.strictEqual(outcomeOfFailure(cause)._tag, "unknown")
  })
})
