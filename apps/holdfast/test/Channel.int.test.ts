/** Channels changed by the command line and over HTTP, on the whole stack. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { shownBy, startChannel, type ChannelFixture } from "./ChannelFixture.ts"
import { connectTo, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

interface Answer {
  readonly channels: ReadonlyArray<Answer>
  readonly definition: object
  readonly operation: string
  readonly by: string
  readonly now: { readonly timing: string; readonly operation: string; readonly circuit: string }
  readonly listings?: ReadonlyArray<object>
  readonly changed: ReadonlyArray<{ readonly field: string }>
  readonly advice: ReadonlyArray<string>
  readonly errors: ReadonlyArray<{ readonly field: string; readonly message: string }>
}

describe("channels of a running stack", { timeout: 120_000 }, () => {
  let channel: ChannelFixture
  let stack: StackProcess
  let client: StackClient
  let directory: string
  let received = 0

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "channel-"))
    channel = await startChannel()
    stack = StackProcess.make({ channels: [channel.definition], env: channel.env })
    client = await connectTo(await stack.start())
  })
  afterAll(async () => {
    await client?.close()
    await stack.remove()
    await channel.close()
    rmSync(directory, { recursive: true })
  })

  const run = async (...args: ReadonlyArray<string>) => {
    const { code, stdout, stderr } = await stack.command(["channel", ...args])
    return { code, said: `${stdout}${stderr}` }
  }

  const ask = async (path: string, method = "GET", body?: unknown) => {
    const json =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }
    const response = await fetch(`${client.httpUrl}/v1/channels${path}`, { method, ...json })
    return { status: response.status, body: (await response.json()) as Answer }
  }

  const receive = async (sku: string, quantity: number) => {
    received += 1
    const data = { putaway: "done", lines: [{ sku, quantity }] }
    const event = JSON.stringify({ id: `receipt ${received}`, source: "wms", time: new Date(), data })
    await client.nats.jetstream.publish("stock.events.goods.received", event)
    await untilDrained(client)
  }

  const timing = async () => (await ask("/outlast")).body.now.timing
  const becomes = (model: string) => expect.poll(timing, { timeout: 5_000 }).toBe(model)

  it("lists what they are, and how they do", async () => {
    const { code, said } = await run()
    expect(code).toBe(0)
    expect(said).toMatch(/outlast +running +in real time +5 s +99 % +3 .* start/)
    expect((await ask("")).body.channels[0]).toMatchObject({
      definition: { id: "outlast" },
      operation: "running",
      by: "start",
      now: { timing: "realtime", circuit: "closed" }
    })
  })

  it("waits for an operator once it is made manual, who sees the difference and lets it go", async () => {
    await receive("MUG", 10)
    await expect.poll(() => shownBy(channel).get("MUG")).toBe(7)
    const dry = await run("set-timing", "outlast", "manual", "--dry-run")
    expect(dry.said).toContain("timing  in real time -> when an operator says so\nnothing was changed (dry run)")
    const made = await run("set-timing", "outlast", "manual", "--by", "olga", "--reason", "stocktaking")
    expect(made.said).toContain("a running instance follows within a second")
    await becomes("manual")
    await receive("MUG", 5)
    await receive("CUP", 4)
    await expect.poll(async () => (await ask("/outlast/differences")).body.listings?.length).toBe(2)
    const { said } = await run("differences", "outlast")
    expect(said).toMatch(/MUG +7 +12 +1\n/)
    expect(said).toMatch(/CUP +- +1 +1\n/)
    expect((await run("release", "outlast", "--sku", "CUP")).said).toBe("1 listing of outlast goes now\n")
    await expect.poll(() => shownBy(channel).get("CUP")).toBe(1)
    expect(shownBy(channel).get("MUG")).toBe(7)
    expect((await ask("/outlast/release", "POST", { by: "olga" })).status).toBe(202)
    await expect.poll(() => shownBy(channel).get("MUG")).toBe(12)
    await expect.poll(async () => (await ask("/outlast/differences")).body.listings).toEqual([])
  })

  it("is changed over HTTP, and refuses what is wrong by its field", async () => {
    const nearly = { model: "nearRealtime", windowMillis: 50 }
    const { status, body } = await ask("/outlast", "PATCH", {
      by: "console",
      definition: { timing: nearly, budgetMillis: 40 }
    })
    expect(status).toBe(200)
    expect(body.changed.map(({ field }) => field)).toEqual(["timing", "budgetMillis"])
    expect(body.advice).toEqual(["a change may wait 50 ms for its window, and is late after 40 ms"])
    await becomes("nearRealtime")
    const refused = await ask("/outlast", "PATCH", { by: "console", definition: { budgetMillis: 0, colour: "red" } })
    expect(refused.status).toBe(422)
    expect(refused.body.errors.map(({ field }) => field).toSorted()).toEqual([
      "definition.budgetMillis",
      "definition.colour"
    ])
    expect((await ask("/outlast", "PATCH", { operation: "paused" })).body.errors).toEqual([
      { field: "body.by", message: expect.any(String) }
    ])
    expect((await ask("/nobody")).status).toBe(404)
    expect((await run("pause", "nobody")).said).toBe("no channel is called nobody; there is outlast\n")
    expect((await run("set-timing", "outlast", "scheduled", "--cron", "61 * * * *")).said).toContain(
      "is not a cron expression"
    )
  })

  it("is taken back step by step, and its history says who did what and why", async () => {
    const undo = () => ask("/outlast/undo", "POST", { by: "olga" })
    expect((await undo()).body.changed.map(({ field }) => field)).toEqual(["timing", "budgetMillis"])
    await becomes("manual")
    expect((await run("undo", "outlast", "--by", "olga")).said).toContain(
      "timing  when an operator says so -> in real time\na running instance follows within a second"
    )
    await becomes("realtime")
    expect((await undo()).body.errors).toEqual([
      { field: "channel", message: expect.stringContaining("outlast was never changed") }
    ])
    const { said } = await run("history", "outlast")
    expect(said.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "then")).toBe(
      [
        "5  then  olga: takes back 2",
        "  timing  when an operator says so -> in real time",
        "4  then  olga: takes back 3",
        "  timing        every 50 ms -> when an operator says so",
        "  budgetMillis  40 ms -> 5 s",
        "3  then  console",
        "  timing        when an operator says so -> every 50 ms",
        "  budgetMillis  5 s -> 40 ms",
        "2  then  olga: stocktaking",
        "  timing  in real time -> when an operator says so",
        "1  then  start",
        "  begins",
        ""
      ].join("\n")
    )
  })

  it("is paused, resumed and drained", async () => {
    const operate = (operation: string) => ask("/outlast", "PATCH", { by: "olga", operation })
    await run("pause", "outlast")
    await expect.poll(async () => (await ask("/outlast")).body.now.operation).toBe("paused")
    await receive("MUG", 1)
    expect(shownBy(channel).get("MUG")).toBe(12)
    await operate("running")
    await expect.poll(() => shownBy(channel).get("MUG")).toBe(13)
    await operate("draining")
    await expect.poll(async () => (await ask("/outlast")).body.operation).toBe("paused")
    await operate("running")
  })

  it("is made what a file says, and stays so without the file over a restart", async () => {
    const path = join(directory, "channels.json")
    const scheduled = { model: "scheduled", cron: "0 * * * *", timeZone: "Europe/Berlin" } as const
    writeFileSync(path, JSON.stringify([{ ...channel.definition, timing: scheduled, buffer: 5 }]))
    const dry = await run("apply", path, "--dry-run")
    expect(dry.said).toContain("buffer  3 -> 5")
    expect(dry.said).toContain("timing  in real time -> at 0 * * * * Europe/Berlin")
    expect(dry.said).toContain("mind: a change may wait 3600 s for the next run, and is late after 5 s")
    expect((await run("apply", path)).code).toBe(0)
    await becomes("scheduled")
    await client.close()
    await stack.stop()
    stack.forgetChannels()
    client = await connectTo(await stack.start())
    expect(await timing()).toBe("scheduled")
    expect((await ask("/outlast", "PATCH", { by: "olga", definition: { timing: { model: "realtime" } } })).status).toBe(
      200
    )
    await expect.poll(() => shownBy(channel).get("MUG")).toBe(11)
  })
})
