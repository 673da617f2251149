import { describe, expect, it } from "vitest"
import { refusalOf } from "../src/HttpGuard.ts"

// the SHA-256 of "secret"
const tokenSha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
const open = { hosts: new Set(["localhost", "127.0.0.1", "[::1]", "stock.example"]), tokenSha256: undefined }
const closed = { ...open, tokenSha256 }
const ask = { path: "/v1/events", host: "localhost:8080", authorization: undefined }

describe("the guard of the HTTP server", () => {
  it.each(["localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:8080", "stock.example"])(
    "lets through the host %s",
    (host) => {
      expect(refusalOf({ ...ask, host }, open)).toBeUndefined()
    }
  )

  it.each([undefined, "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::1]x"])(
    "refuses the host %s",
    (host) => {
      expect(refusalOf({ ...ask, host }, open)).toMatchObject({ status: 421, field: "host" })
    }
  )

  it.each([
    undefined,
    "",
    "secret",
    "Basic secret",
    "Bearer",
    "Bearer Secret",
    "Bearer secret2",
    `Bearer ${tokenSha256}`
  ])("refuses the authorization %s when a token is set", (authorization) => {
    expect(refusalOf({ ...ask, authorization }, closed)).toMatchObject({ status: 401, field: "authorization" })
  })

  it("lets through the token, and a health check without one", () => {
    expect(refusalOf({ ...ask, authorization: "Bearer secret" }, closed)).toBeUndefined()
    expect(refusalOf({ ...ask, path: "/healthz" }, closed)).toBeUndefined()
  })
})
