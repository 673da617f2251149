import { NodeServices } from "@effect/platform-node"
import { Database } from "@holdfast/ledger/Database"
import { Cause, Effect, Exit, Layer } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { shortCommand } from "../src/ShortCommand.ts"
import { skuCommand } from "../src/SkuCommand.ts"
import { whyCommand } from "../src/WhyCommand.ts"
import { startChannel, type ChannelFixture } from "./ChannelFixture.ts"
import { connectTo, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

const commands = Command.make("holdfast").pipe(Command.withSubcommands([skuCommand, shortCommand, whyCommand]))

describe("what an operator is told of stock", { timeout: 120_000 }, () => {
  let channel: ChannelFixture
  let stack: StackProcess
  let client: StackClient
  let directory: string
  let channelFile: string

  const publish = async (type: string, id: string, data: object) => {
    const event = JSON.stringify({ id, source: "test", data })
    await client.nats.jetstream.publish(`stock.events.${type}`, event, { timeout: 10_000 })
  }

  beforeAll(async () => {
    channel = await startChannel()
    directory = mkdtempSync(join(tmpdir(), "reports-"))
    channelFile = join(directory, "channels.json")
    writeFileSync(channelFile, JSON.stringify([channel.definition]))
    stack = StackProcess.make({ channels: [channel.definition], env: channel.env })
    client = await connectTo(await stack.start())
    const orderOf = (id: string, quantity: number) =>
      publish("order.placed", id, { orderId: id, channel: "outlast", lines: [{ sku: "MUG", quantity }] })
    await publish("goods.received", "r-1", { putaway: "done", lines: [{ sku: "MUG", quantity: 10 }] })
    await orderOf("o-1", 6)
    await orderOf("o-2", 6)
    await publish("goods.received", "r-2", { putaway: "done", lines: [{ sku: "BOWL", quantity: 10 }] })
    await publish("order.placed", "o-3", { orderId: "o-3", lines: [{ sku: "POSTAGE", quantity: 1 }] })
    await untilDrained(client)
    const listed = async () => expect(await client.sql`select * from listing where sku = 'BOWL'`).toHaveLength(1)
    await vi.waitFor(listed, { timeout: 30_000, interval: 50 })
  })
  afterAll(async () => {
    await client.close()
    await stack.remove()
    await channel.close()
    rmSync(directory, { recursive: true })
  })

  /** Runs a command; gives what it printed and, if it failed, why. */
  const holdfast = async (...args: ReadonlyArray<string>) => {
    const command = Effect.gen(function* () {
      const exit = yield* Effect.exit(Command.runWith(commands, { version: "test" })(args))
      const [printed, errors] = [yield* TestConsole.logLines, yield* TestConsole.errorLines]
      const failure = Exit.isFailure(exit) ? String((Cause.squash(exit.cause) as Error).message) : undefined
      return { lines: printed.join("\n").split("\n"), error: [failure, ...errors].join("\n").trim() }
    })
    const { databaseUrl } = stack.instance()!
    const needed = Layer.mergeAll(NodeServices.layer, TestConsole.layer, Database.layer(databaseUrl))
    return Effect.runPromise(command.pipe(Effect.provide(needed)))
  }

  it("sku: has levels, open orders and the history, without colour into a pipe", async () => {
    const { lines } = await holdfast("sku", "MUG")
    expect(lines).toContain("main           10         12     0         -2         2")
    expect(lines).toContain("2 open orders, 12 units")
    expect(lines.filter((line) => line.includes("order.placed"))).toHaveLength(2)
    expect(lines.at(-2)).toContain("committed 6 -> 12 (+6)  available 4 -> -2 (-6)  oversold +2")
    expect(lines.at(-1)).toContain("event o-2 of test, order o-2, channel outlast")
    expect(lines.join("")).not.toContain("\u001b")
  })

  it("sku: narrows the history, and is JSON for a program", async () => {
    const { lines } = await holdfast("sku", "MUG", "--json", "--order", "o-1", "--since", "1h")
    expect(JSON.parse(lines.join("\n"))).toMatchObject({
      sku: "MUG",
      version: 3,
      levels: [{ locationId: "main", onHand: 10, committed: 12 }],
      documents: [{ open: 6 }, { open: 6 }],
      history: { matching: 1, rows: [{ version: 2, kind: "order.placed", documentId: "o-1" }] }
    })
    expect((await holdfast("sku", "MUG", "--since", "soon")).error).toContain("must be a time such as")
  })

  it("sku: says what it can of one that is not known", async () => {
    expect((await holdfast("sku", "POSTAGE")).error).toMatch(
      /^POSTAGE is not known.*\n1 fact waits for it and will be applied by itself once/
    )
    expect((await holdfast("sku", "mug")).error).toContain("there is MUG")
  })

  it("short: names who ordered last", async () => {
    const { lines } = await holdfast("short")
    expect(lines.slice(0, 2).map((line) => line.replace(/^\S+ +/, ""))).toEqual([
      "order  channel  sku  location  open  short",
      "o-2    outlast  MUG  main         6      2"
    ])
    expect(lines).toContain("1 order is short of 2 units")
    expect(JSON.parse((await holdfast("short", "--json")).lines.join("\n"))).toMatchObject({
      orders: [{ orderId: "o-2", short: 2 }],
      channels: [{ channel: "outlast", orders: 1, units: 2 }],
      uncovered: []
    })
  })

  it("why: reckons what the channel of the running instance is told, beside what it confirmed", async () => {
    const { code, stdout } = await stack.command(["why", "outlast", "BOWL"])
    expect(code).toBe(0)
    const lines = stdout.split("\n")
    expect(lines).toContain("     10  available at all locations")
    expect(lines).toContain("      7  less its buffer of 3")
    expect(lines).toContain("      7  is what it is told")
    expect(lines.find((line) => line.startsWith("it confirmed 7 at"))).toMatch(/as of version 1, the newest$/)
  })

  it("why: takes the channel from a file, is JSON for a program, and says which channels there are", async () => {
    const why = (...args: ReadonlyArray<string>) => holdfast("why", "--channels", channelFile, ...args)
    expect(JSON.parse((await why("outlast", "MUG", "--json")).lines.join("\n"))).toMatchObject({
      publishable: 0,
      channel: { id: "outlast", buffer: 3 },
      version: 3
    })
    expect((await why("shop", "BOWL")).error).toBe("no channel is called shop; there is outlast")
    expect((await why("outlast", "POSTAGE")).error).toContain("POSTAGE is not known")
  })

  describe("why --at", () => {
    const why = (...args: ReadonlyArray<string>) => holdfast("why", "--channels", channelFile, "outlast", ...args)
    const order = (id: string, quantity: number) =>
      publish("order.placed", id, { orderId: id, channel: "webshop", lines: [{ sku: "VASE", quantity }] })
    const patience = { timeout: 30_000, interval: 20 }

    /** Moments, and what the channel itself showed then. */
    const moments: Array<{ readonly at: number; readonly shown: number | undefined }> = []
    const remember = () => moments.push({ at: Date.now(), shown: channel.channel.listings.get("VASE")?.quantity })

    /** Waits until the channel shows it and that is stored. */
    const untilTold = (quantity: number) =>
      vi.waitFor(async () => {
        const [last] = await client.sql`
          select quantity from listing_history where sku = 'VASE' order by answered_at desc limit 1`
        expect(last?.["quantity"]).toBe(quantity)
      }, patience)

    beforeAll(async () => {
      remember()
      await publish("goods.received", "v-1", { putaway: "done", lines: [{ sku: "VASE", quantity: 20 }] })
      await untilTold(17)
      remember()
      await order("v-2", 5)
      await untilTold(12)
      // leaves what may be shown as it is
      await publish("return.received", "v-3", { lines: [{ sku: "VASE", quantity: 2 }] })
      await untilDrained(client)
      remember()

      channel.channel.behave({ outage: "refusing" })
      const { counts } = channel.channel.traffic
      const { received } = counts
      await order("v-4", 2)
      await untilDrained(client)
      await vi.waitFor(() => expect(counts.received).toBeGreaterThan(received), patience)
      remember()
      channel.channel.behave({ outage: "none" })
      await untilTold(10)
      remember()

      await client.close()
      await stack.kill(["app"])
      stack.redefine([{ ...channel.definition, buffer: 6, cap: 100 }])
      client = await connectTo(await stack.start())
      await untilTold(7)
      remember()
      await order("v-5", 1)
      await untilTold(6)
      remember()
    })

    it("gives the number that the channel really showed, and the computation gives it too", async () => {
      expect(moments.map(({ shown }) => shown)).toEqual([undefined, 17, 12, 12, 10, 7, 6])
      for (const { at, shown } of moments) {
        const { lines } = await why("VASE", "--json", "--at", new Date(at).toISOString())
        const said = JSON.parse(lines.join("\n")) as { why: { quantity: number | null; agrees: boolean | null } }
        expect([said.why.quantity ?? undefined, said.why.agrees]).toEqual([shown, shown === undefined ? null : true])
      }
    })

    it("has every write that the channel applied, and no other", async () => {
      const rows = await client.sql`
        select distinct answered_at, quantity, version::int from listing_history where sku = 'VASE' order by answered_at`
      const applied = channel.channel.listings.log.filter(({ sku }) => sku === "VASE")
      expect(rows.map(({ quantity, version }) => [quantity, version])).toEqual(
        applied.map(({ quantity, version }) => [quantity, version])
      )
    })

    const textAt = async (i: number) => (await why("VASE", "--at", new Date(moments[i]!.at).toISOString())).lines

    it("says since when it should have shown another number, and when it did", async () => {
      const lines = await textAt(3)
      expect(lines.find((line) => line.startsWith("it should have shown 10, of version 4, since"))).toBeDefined()
      expect(lines.find((line) => /^it confirmed 10 at \S+Z, .+ after that, at call \d+$/.test(line))).toBeDefined()
      expect((await textAt(2)).join("\n")).toContain("1 later change left that number as it was")
      expect((await textAt(1)).join("\n")).toContain("next it confirmed 12 at ")
      expect((await textAt(0)).join("\n")).toContain("it had not confirmed anything of this SKU")
    })

    it("reckons by the rules of then, and says when they were the cause", async () => {
      const then = (await textAt(4)).map((line) => line.trim())
      expect(then).toContain("10  less its buffer of 3")
      const changed = (await textAt(5)).map((line) => line.trim())
      expect(changed).toContain("7  less its buffer of 6")
      expect(changed.join("\n")).toMatch(/after its rules had changed; it confirmed \d+ ms later/)
      expect((await textAt(6)).join("\n")).toMatch(/after change #5 was committed; it confirmed \d+ ms later/)
    })

    it("refuses a time that is none or is still to come", async () => {
      expect((await why("VASE", "--at", "half past two")).error).toContain("must be a time such as 14:03")
      const ahead = new Date(Date.now() + 60_000).toISOString()
      expect((await why("VASE", "--at", ahead)).error).toBe(
        `${ahead} is still to come: --at is for a time that has been`
      )
    })
  })
})
