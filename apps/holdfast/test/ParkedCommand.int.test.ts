import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams, eventsStream } from "@holdfast/bus/StreamTopology"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import type { ParkedRow } from "@holdfast/ledger/CommitBatch"
import { Database } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { park } from "@holdfast/ledger/Parked"
import { NodeServices } from "@effect/platform-node"
import { Cause, Effect, Exit, Layer, ManagedRuntime } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { parkedCommand } from "../src/ParkedCommand.ts"

const order = (changes: object = {}) => ({
  id: "e-1",
  source: "shop",
  type: "order.placed",
  data: { orderId: "o-1", lines: [{ sku: "A", quantity: 1 }] },
  ...changes
})

const row = (sequence: number, payload: unknown, changes: Partial<ParkedRow> = {}): ParkedRow => ({
  stream: "EVENTS",
  streamCreated: "2026-11-27T00:00:00Z",
  sequence,
  subject: "stock.events.order.placed",
  headers: {},
  payload: Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload)),
  reason: "invalid",
  detail: "data.lines[0].quantity: must be a whole number",
  source: "shop",
  id: "e-1",
  storedAt: Date.parse("2026-11-27T09:30:00Z"),
  ...changes
})

describe("holdfast parked", () => {
  let servers: RunningTestServers
  let runtime: ManagedRuntime.ManagedRuntime<NatsConnection | Database, unknown>
  let directory: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "parked-"))
    servers = await startTestServers()
    await Effect.runPromise(migrate(servers.databaseUrl))
    runtime = ManagedRuntime.make(
      Layer.merge(Database.layer(servers.databaseUrl), NatsConnection.layer(servers.natsUrl, "parked test"))
    )
    await runtime.context()
  })
  afterAll(async () => {
    rmSync(directory, { recursive: true })
    await runtime.dispose()
    await servers.stop()
  })
  beforeEach(async () => {
    const { sql } = await runtime.runPromise(Database)
    const { manager } = await runtime.runPromise(NatsConnection)
    await sql`truncate parked restart identity`
    await manager.streams.delete(eventsStream).catch(() => false)
    await Effect.runPromise(ensureStreams(manager))
  })

  /** Runs the command; resolves with what it printed and, if it failed, why. */
  const holdfast = async (...args: ReadonlyArray<string>) => {
    const command = Effect.gen(function* () {
      const exit = yield* Effect.exit(Command.runWith(parkedCommand, { version: "test" })(args))
      const output = (yield* TestConsole.logLines).join("\n")
      return { output, error: Exit.isFailure(exit) ? String((Cause.squash(exit.cause) as Error).message) : undefined }
    })
    return runtime.runPromise(command.pipe(Effect.provide(Layer.merge(NodeServices.layer, TestConsole.layer))))
  }

  const given = async (...rows: ReadonlyArray<ParkedRow>) => park((await runtime.runPromise(Database)).sql, rows)

  const events = async () => {
    const { manager } = await runtime.runPromise(NatsConnection)
    const { state } = await manager.streams.info(eventsStream)
    const sequences = Array.from({ length: state.messages }, (_, i) => state.first_seq + i)
    return Promise.all(sequences.map(async (seq) => (await manager.streams.getMessage(eventsStream, { seq }))!))
  }

  it("says that nothing is parked", async () => {
    expect(await holdfast("list")).toEqual({ output: "nothing is parked", error: undefined })
    expect(await holdfast("replay", "--all")).toEqual({ output: "nothing is parked", error: undefined })
    expect(await holdfast("show", "7")).toMatchObject({ error: expect.stringContaining("nothing is parked with id 7") })
  })

  it("lists in a table, by reason, and as JSON, and prints no control characters of a publisher", async () => {
    await given(
      row(1, "x"),
      row(2, order(), { reason: "unknown_sku", sku: "A", id: "e\u001b[2J-2", detail: "no stock of A" }),
      row(1, "again")
    )
    const { output } = await holdfast("list")
    expect(output.split("\n")).toHaveLength(3)
    expect(output).toContain("1   2026-11-27T09:30:00Z  waiting  invalid      shop e-1")
    expect(output).toContain("e\\u001b[2J-2")
    expect(output).not.toContain("\u001b")
    expect((await holdfast("list", "--reason", "unknown_sku")).output.split("\n")).toHaveLength(2)
    expect(JSON.parse((await holdfast("list", "--json", "--limit", "1")).output)).toMatchObject([
      { id: 1, reason: "invalid", bytes: 1 }
    ])
  })

  it("shows headers and payload, text or not", async () => {
    await given(row(1, order(), { headers: { traceparent: "t" } }), row(2, "", { payload: Uint8Array.of(0xff, 0x00) }))
    const shown = (await holdfast("show", "1")).output
    expect(shown).toContain("  traceparent: t")
    expect(shown).toContain(JSON.stringify(order()))
    expect((await holdfast("show", "2")).output).toContain("not UTF-8; in hexadecimal:\nff00")
    expect(JSON.parse((await holdfast("show", "2", "--json")).output)).toMatchObject({ id: 2, payloadBase64: "/wA=" })
  })

  it("replays the same bytes with their attributes and trace, once", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    const binary = { "ce-source": "shop", "ce-id": "e-9", traceparent, "Nats-Msg-Id": "m", "Nats-Expected-Stream": "X" }
    await given(row(1, order().data, { headers: binary }))
    expect(await holdfast("replay", "1")).toEqual({ output: "replayed 1 of 1", error: undefined })
    const [message] = await events()
    expect(message!.string()).toBe(JSON.stringify(order().data))
    expect(Object.fromEntries([...message!.header].map(([name, [value]]) => [name, value]))).toEqual({
      "ce-source": "shop",
      "ce-id": "e-9",
      "ce-time": "2026-11-27T09:30:00.000Z",
      traceparent,
      "Nats-Msg-Id": "parked-1-0"
    })
    expect(await holdfast("replay", "1")).toMatchObject({ error: expect.stringContaining("--again") })
    expect((await holdfast("list")).output).toBe("nothing is parked")
    expect((await holdfast("list", "--all")).output).toContain("replayed 20")
    expect(await holdfast("replay", "1", "--again")).toMatchObject({ output: "replayed 1 of 1" })
    expect(await events()).toHaveLength(2)
  })

  it("keeps the id of an event whose only id was its message id", async () => {
    const { id: _id, ...rest } = order()
    await given(row(1, rest, { headers: { "Nats-Msg-Id": "100%" } }))
    await holdfast("replay", "1")
    expect((await events())[0]!.header.get("ce-id")).toBe("100%25")
  })

  it("replays a parked fact as the event that it is", async () => {
    const fact = { specversion: "1.0", ...order(), time: "2026-11-27T09:30:00.000Z", parts: 3 }
    const changes = {
      stream: "STOCK",
      subject: "stock.facts.7",
      reason: "unknown_sku",
      headers: { "Holdfast-Event-Sequence": "5" }
    }
    await given(row(1, fact, changes), row(2, order({ type: "order.eaten" })))
    expect(await holdfast("replay", "--reason", "unknown_sku")).toMatchObject({
      output: "replayed 1 of 1",
      error: undefined
    })
    const [message] = await events()
    expect(message!.subject).toBe("stock.events.order.placed")
    expect(message!.json()).toEqual(fact)
  })

  it("leaves what would only be parked again, and replays it corrected", async () => {
    const wrong = order({ data: { orderId: "o-1", lines: [{ sku: "A", quantity: 0 }] } })
    await given(row(1, wrong), row(2, order({ id: "e-2" })))
    const first = await holdfast("replay", "--all")
    expect(first.output).toBe("replayed 1 of 2")
    expect(first.error).toContain("1: it would be parked again: data.lines[0].quantity: must be a whole number")
    const file = join(directory, "corrected.json")
    writeFileSync(file, JSON.stringify(order()))
    expect(await holdfast("replay", "1", "--file", file)).toEqual({ output: "replayed 1 of 1", error: undefined })
    expect((await events()).map((message) => message.json<{ id: string }>().id)).toEqual(["e-2", "e-1"])
    expect((await holdfast("list")).output).toBe("nothing is parked")
  })

  it("corrects an event that was sent under the wrong subject", async () => {
    await given(row(1, order(), { subject: "stock.events.order.eaten", headers: { "ce-type": "order.eaten" } }))
    const file = join(directory, "whole.json")
    writeFileSync(file, JSON.stringify(order()))
    expect(await holdfast("replay", "1", "--file", file)).toMatchObject({ output: "replayed 1 of 1" })
    expect((await events())[0]!.subject).toBe("stock.events.order.placed")
  })

  it("wants to be told exactly what to replay", async () => {
    for (const args of [[], ["1", "--all"], ["--all", "--reason", "invalid"]]) {
      expect(await holdfast("replay", ...args)).toMatchObject({
        error: "say what to replay: ids, or --all, or --reason"
      })
    }
  })

  it("discards what is not wanted and keeps it", async () => {
    await given(row(1, "x"), row(2, "y"))
    expect(await holdfast("discard", "1")).toMatchObject({ error: undefined })
    expect(await holdfast("discard", "1", "2")).toMatchObject({ error: "not waiting, so not discarded: 1" })
    expect((await holdfast("list")).output).toBe("nothing is parked")
    expect((await holdfast("list", "--all")).output.match(/discarded 20/g)).toHaveLength(2)
  })
})
