/** Files of an ERP on a real SFTP server, into real streams and a real ledger: what they say are facts, what nobody understands is parked. */
import { makeSftpServer } from "@holdfast/channels/testing/sftp/SftpServer"
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { reviseChannel } from "@holdfast/ledger/ChannelDefinitions"
import { readOrderCursors } from "@holdfast/ledger/OrderCursors"
import { Effect, Exit, Schema, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { orderPollFor } from "../src/OrderPollFor.ts"
import { IngestHarness } from "./IngestHarness.ts"

const out = "/erp/out"
const at = "2026-11-23T03:45:00Z"
const lines = (...all: ReadonlyArray<string>) => ["event,time,sku,quantity,order", ...all].join("\n")

describe("files that an ERP leaves", () => {
  let harness: IngestHarness
  let stopIngest: () => Promise<void>
  const scope = Scope.makeUnsafe()
  beforeAll(async () => {
    harness = await IngestHarness.start()
    stopIngest = await harness.startIngest()
  })
  afterAll(async () => {
    await stopIngest()
    await harness.stop()
    await Effect.runPromise(Scope.close(scope, Exit.void))
    vi.unstubAllEnvs()
  })

  const until = (what: () => Promise<boolean>) => vi.waitUntil(what, { timeout: 20_000, interval: 20 })
  const cursor = async () => (await readOrderCursors(harness.sql)).find(({ channel }) => channel === "erp")?.cursor

  it("are heard file by file, over a restart too, and a line that is no event is parked with file and line", async () => {
    const server = await Effect.runPromise(Scope.provide(makeSftpServer([out]), scope))
    vi.stubEnv("ERP_PASSWORD", server.password)
    const definition = Schema.decodeUnknownSync(ChannelDefinition)({
      id: "erp",
      name: "ERP",
      connector: "sftp",
      endpoint: server.url,
      secretEnv: "ERP_PASSWORD",
      inbound: { format: "sftp", everyMillis: 100 },
      sftp: {
        user: server.user,
        hostKeys: [server.hostKey],
        directory: "/erp/in",
        file: { format: "csv" },
        outgoing: { directory: out, format: "csv", quietMillis: 0 }
      },
      buffer: 0,
      timing: { model: "scheduled", everyMillis: 60_000 },
      budgetMillis: 120_000,
      objective: 0.99,
      rate: { perSecond: 1, burst: 1, concurrency: 1 },
      timeoutMillis: 10_000
    })
    await reviseChannel(harness.sql, { definition, operation: "running", by: "test", upon: 0 }, Date.now())

    server.put(`${out}/events-1.csv`, lines(`goods.received,${at},MUG,20,`, `goods.received,${at},MUG,many,`))
    const stop = await harness.startPolls(orderPollFor)
    await until(async () => (await cursor()) === "events-1.csv")
    await stop()
    server.put(`${out}/events-2.csv`, lines(`order.placed,${at},MUG,2,4711`, `order.placed,${at},LAMP,1,4711`))
    const stopAgain = await harness.startPolls(orderPollFor)
    await until(async () => (await cursor()) === "events-2.csv")
    await stopAgain()

    await harness.waitForFacts(3)
    expect((await harness.facts()).length).toBe(3)
    await until(async () => {
      const rows = await harness.sql`select event_id, payload from parked where event_source = 'erp'`
      return rows.length === 1 && String(rows[0]!["event_id"]).startsWith("events-1.csv:line 3:")
    })
    const [parked] = await harness.sql`select payload from parked where event_source = 'erp'`
    expect(JSON.parse(Buffer.from(parked!["payload"]).toString())).toMatchObject({
      type: "file.line",
      data: { file: "events-1.csv", place: "line 3", text: `goods.received,${at},MUG,many,` }
    })
  })
})
