import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { NatsSource } from "../local/NatsBinary.ts"
import * as NatsBinary from "../local/NatsBinary.ts"
import * as NatsVersion from "../local/NatsVersion.ts"

describe("NatsVersion", () => {
  it.each([
    ["nats-server: v2.15.1\n", "2.15.1"],
    ["2.10.27-1+b2", "2.10.27"],
    ["nats-server: v2.12.0-RC.3", "2.12.0"],
    ["1:3.0.1", "3.0.1"]
  ])("reads %j as %s", (text, expected) => {
    const version = NatsVersion.parse(text)
    expect(version && NatsVersion.format(version)).toBe(expected)
  })

  it("reads nothing from a text without a version", () => {
    expect(NatsVersion.parse("command not found")).toBeUndefined()
  })

  it.each([
    ["2.9.10", false],
    ["2.11.99", false],
    ["2.12.0", true],
    ["2.15.1", true],
    ["3.0.0", true],
    ["1.20.0", false]
  ])("calls %s supported: %s", (text, expected) => {
    expect(NatsVersion.isSupported(NatsVersion.parse(text)!)).toBe(expected)
  })
})

describe("NatsBinary", () => {
  const names = (env: NodeJS.ProcessEnv) =>
    NatsBinary.sources({ env, cacheDir: "/nonexistent" }).map(({ name }) => name)

  it("asks PATH, the cache, the release and the distribution, in this order", () => {
    expect(names({ PATH: "/usr/bin" })).toEqual(["PATH", "cache", "release", "Debian package"])
  })

  it("takes a chosen binary or none: a mistake in NATS_SERVER_BIN is not covered up", () => {
    expect(names({ NATS_SERVER_BIN: "/opt/nats-server" })).toEqual(["NATS_SERVER_BIN"])
  })

  it("stops at the first source that has one", async () => {
    const asked: Array<string> = []
    const source = (name: string, answer: Effect.Effect<string, Error>): NatsSource => ({
      name,
      find: Effect.suspend(() => {
        asked.push(name)
        return answer
      })
    })
    const path = await Effect.runPromise(
      NatsBinary.firstOf([
        source("a", Effect.fail(new Error("has none"))),
        source("b", Effect.succeed("/b/nats-server")),
        source("c", Effect.succeed("/c/nats-server"))
      ])
    )
    expect(path).toBe("/b/nats-server")
    expect(asked).toEqual(["a", "b"])
  })

  it("says of each source why it had none, and what to do", async () => {
    const error = await Effect.runPromise(
      NatsBinary.find({ env: { NATS_SERVER_BIN: "/nonexistent/nats-server" } }).pipe(Effect.flip)
    )
    expect(error.reason._tag).toBe("NoBinary")
    expect(error.message).toContain("NATS_SERVER_BIN: /nonexistent/nats-server does not exist")
    expect(error.message).toContain("set NATS_URL")
  })
})
