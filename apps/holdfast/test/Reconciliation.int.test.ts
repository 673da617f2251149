/**
 * Reconciliation on the whole stack: a channel is edited behind our back while stock moves, by hand and at random.
 *
 * `HOLDFAST_RECONCILE_SECONDS`: how long the load runs; 6 when absent.
 */
import type { ReconciliationReport } from "@holdfast/channels/ReconciliationReport"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { shownBy, startChannel, type ChannelFixture } from "./ChannelFixture.ts"
import { connectTo, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

const seconds = Number(process.env["HOLDFAST_RECONCILE_SECONDS"] ?? 6)
const skus = Array.from({ length: 60 }, (_, n) => `SKU-${n}`)

/** Units that no write of ours ever says: an edit is known by them. */
const edited = 1_000_000

/** An edit is to be seen by a run at the latest so long after it: what is written to all the time is compared in a pause. */
const foundMillis = 30_000

describe("reconciliation of a running stack", { timeout: (seconds + 120) * 1_000 }, () => {
  let channel: ChannelFixture
  let stack: StackProcess
  let client: StackClient
  let sent = 0
  let edits = 0

  beforeAll(async () => {
    channel = await startChannel()
    const blind = { ...channel.definition, id: "blind" as never, name: "Blind", connector: "webhook" as const }
    const definitions = [
      { ...channel.definition, timeoutMillis: 400, reconcile: { everyMillis: 1_000, stopAbove: 0.5 } },
      { ...blind, endpoint: `${channel.definition.endpoint}/nowhere` }
    ]
    stack = StackProcess.make({ channels: definitions, env: channel.env })
    client = await connectTo(await stack.start())
  })
  afterAll(async () => {
    await client?.close()
    await stack.remove()
    await channel.close()
  })

  const receive = async (sku: string, quantity: number) => {
    sent += 1
    const data = { putaway: "done", lines: [{ sku, quantity }] }
    const event = JSON.stringify({ id: `receipt ${sent}`, source: "wms", time: new Date(), data })
    await client.nats.jetstream.publish("stock.events.goods.received", event)
  }

  const edit = (sku: string): number => {
    edits += 1
    const quantity = edited + edits
    channel.channel.listings.apply(sku, quantity, 0, `edit ${edits}`, Date.now())
    return quantity
  }

  const ask = async (id: string, body?: unknown) => {
    const post = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } }
    const answer = await fetch(
      `${client.httpUrl}/v1/channels/${id}/reconciliation`,
      body === undefined ? undefined : post
    )
    const said = (await answer.json()) as { report: ReconciliationReport | null; errors?: ReadonlyArray<object> }
    return { status: answer.status, ...said }
  }

  const patch = async (definition: object) => {
    const body = JSON.stringify({ by: "olga", definition })
    const headers = { "content-type": "application/json" }
    const answer = await fetch(`${client.httpUrl}/v1/channels/outlast`, { method: "PATCH", body, headers })
    expect(answer.status).toBe(200)
  }

  it("finds and heals every edit while stock moves, and raises none falsely", async () => {
    for (const sku of skus) await receive(sku, 100)
    await untilDrained(client)
    await expect.poll(() => shownBy(channel).size, { timeout: 20_000 }).toBe(skus.length)
    const reports = new Map<number, ReconciliationReport>()
    const until = Date.now() + seconds * 1_000
    // of each SKU that was edited: what it shows, until that was found or written over
    const open = new Map<string, { readonly quantity: number; readonly at: number }>()
    let latest = 0
    const keep = async () => {
      const { report } = await ask("outlast")
      if (report?.endedAt !== undefined) reports.set(report.begunAt, report)
    }
    for (let turn = 0; Date.now() < until; turn++) {
      // most of the stock moves all the time; a sixth rests and is edited
      for (let n = 0; n < 10; n++) await receive(skus[10 + ((turn * 10 + n) % 50)]!, 1)
      const sku = skus[turn % 10]!
      if (turn % 20 < 10 && !open.has(sku)) open.set(sku, { quantity: edit(sku), at: Date.now() })
      await keep()
      for (const [name, { quantity, at }] of open)
        if (channel.channel.listings.get(name)!.quantity !== quantity) {
          latest = Math.max(latest, Date.now() - at)
          open.delete(name)
        }
    }
    await untilDrained(client)
    const isHealed = async () => {
      await keep()
      return [...shownBy(channel).values()].every((units) => units < edited)
    }
    await expect.poll(isHealed, { timeout: foundMillis }).toBe(true)
    // the run that healed the last of them ends in the same moment
    await expect.poll(async () => (await keep(), reports.size), { timeout: foundMillis }).toBeGreaterThan(0)
    const all = [...reports.values()]
    const compared = all.reduce((sum, report) => sum + report.compared, 0)
    const raised = all.flatMap(({ worst }) => worst)
    console.log(
      `${seconds} s: ${edits} edits, ${all.length} runs seen, ${compared} listings compared, ` +
        `${raised.length} discrepancies, none false; of those gone while it ran, the latest took ${latest} ms`
    )
    expect(edits).toBeGreaterThan(9)
    expect(raised.length).toBeGreaterThan(0)
    expect(compared).toBeGreaterThan(raised.length)
    expect(raised.filter(({ shown }) => (shown ?? 0) < edited)).toEqual([])
    expect(channel.channel.listings.olderOverNewer).toBe(edits)
    for (const sku of skus.slice(0, 10)) expect(shownBy(channel).get(sku)).toBe(97)
  })

  it("is asked by command and over HTTP, stops above the share, and heals when it is told to", async () => {
    await patch({ reconcile: { stopAbove: 0.05 } })
    await expect
      .poll(async () => (await ask("outlast")).report?.endedAt, { timeout: 40_000 })
      .toEqual(expect.any(Number))
    for (const sku of skus.slice(0, 6)) edit(sku)
    const stopped = await stack.command(["channel", "reconcile", "outlast", "--by", "olga"])
    expect(stopped.code).toBe(0)
    expect(stopped.stdout).toContain("6 of 60 compared listings differ (10.00 %)")
    expect(stopped.stdout).toContain("more than 5 % differ: nothing was repaired")
    expect(stopped.stdout).toMatch(/SKU-\d +1,000,\d+ +97 +\S+ +somebody else changed it/)
    const healed = await stack.command(["channel", "reconcile", "outlast", "--heal", "--json"])
    expect(JSON.parse(healed.stdout)).toMatchObject({ compared: 60, discrepancies: 6, healed: 6, stopped: false })
    await expect
      .poll(() => [...shownBy(channel).values()].every((units) => units < edited), { timeout: foundMillis })
      .toBe(true)
    const { status, report } = await ask("outlast", { by: "olga", heal: "none" })
    expect(status).toBe(202)
    expect(report).toMatchObject({ by: "olga", heal: "none", listings: 60 })
    await expect
      .poll(async () => (await ask("outlast")).report, { timeout: foundMillis })
      .toMatchObject({ compared: 60, discrepancies: 0, rate: 0 })
    expect((await ask("outlast", { by: "olga", heal: "perhaps" })).errors).toMatchObject([{ field: "body.heal" }])
  })

  it("says that a channel cannot be read back, or that there is none", async () => {
    const message = "blind cannot be read back: its connector (webhook) has no way to ask what the channel shows"
    expect(await ask("blind", { by: "olga" })).toEqual({ status: 409, errors: [{ field: "channel", message }] })
    expect(await ask("blind")).toEqual({ status: 200, report: null, refused: message })
    const { code, stdout, stderr } = await stack.command(["channel", "reconcile", "blind"])
    expect(`${stdout}${stderr}`).toContain(message)
    expect(code).not.toBe(0)
    expect((await ask("nobody")).status).toBe(404)
  })
})
