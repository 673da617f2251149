/**
 * A real Vendure shop on the whole stack: what Holdfast says is what its buyers are offered, what they buy comes back as facts, and
 * what it oversells by itself is known, by its name.
 *
 * `HOLDFAST_VENDURE_BUYERS`: how many race for the last units; 10 when absent.
 */
import { VendureBuyer } from "@holdfast/channels/testing/vendure/VendureBuyer"
import { VendureDesk } from "@holdfast/channels/testing/vendure/VendureDesk"
import { startVendure, vendureRecipe } from "@holdfast/channels/testing/vendure/VendureServer"
import { VendureShop } from "@holdfast/channels/testing/vendure/VendureShop"
import { connect, type Client } from "@holdfast/client/Client"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"
import { demandPackage } from "@holdfast/infra/testing/DemandedPackage"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { shortOrders } from "@holdfast/ledger/ShortOrders"
import { verify } from "@holdfast/ledger/Verify"
import { Effect, Exit, Scope } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { connectTo, storedUnits, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

const vendure = await demandPackage("a Vendure server (140 MB)", vendureRecipe)
const buyers = Number(process.env["HOLDFAST_VENDURE_BUYERS"] ?? 10)

/** Machines under test are busy. */
const patience = { timeout: 60_000, interval: 100 }

describe.skipIf(vendure._tag === "absent")("a Vendure shop of a running stack", { timeout: 180_000 }, () => {
  const scope = Scope.makeUnsafe()
  let servers: RunningTestServers
  let shopServers: RunningTestServers
  let shop: VendureShop
  let desk: VendureDesk
  let stack: StackProcess
  let view: StackClient
  let client: Client
  let directory: string
  let variants: ReadonlyMap<string, string>

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "vendure-"))
    ;[servers, shopServers] = await Promise.all([startTestServers(), startTestServers()])
    const installed = vendure._tag === "installed" ? vendure.directory : ""
    const server = await Effect.runPromise(Scope.provide(startVendure(installed, shopServers.databaseUrl), scope))
    shop = await VendureShop.open(server)
    desk = new VendureDesk(shop.admin)
    variants = new Map((await shop.listMany("V", 4)).map(({ sku, variantId }) => [sku, variantId]))
    const session = await shop.signIn()
    const definition: ChannelDefinition = {
      id: ChannelId.make("shop"),
      name: "Shop",
      connector: "vendure",
      endpoint: shop.url,
      secretEnv: "SHOP_TOKEN",
      vendure: { stockLocationId: shop.locationId },
      inbound: { format: "vendure", everyMillis: 200 },
      buffer: 0,
      timing: { model: "realtime" },
      budgetMillis: 5_000,
      objective: 0.99,
      rate: { perSecond: 20, burst: 20, concurrency: 2 },
      timeoutMillis: 10_000
    }
    const env = { SHOP_TOKEN: session.token!, NATS_URL: servers.natsUrl, DATABASE_URL: servers.databaseUrl }
    stack = StackProcess.make({ channels: [definition], env })
    view = await connectTo(await stack.start())
    client = await connect({ natsUrl: servers.natsUrl, source: "elsewhere" })
    // our names are not the shop's
    const path = join(directory, "listings.csv")
    writeFileSync(path, ["sku,variant_id", ...[...variants].map(([sku, id]) => `OUR ${sku},${id}`)].join("\n"))
    const { code, stderr } = await stack.command(["mapping", "apply", "shop", path])
    expect([code, stderr]).toEqual([0, ""])
  }, 180_000)
  afterAll(async () => {
    await client?.close()
    await view?.close()
    await stack?.remove()
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await Promise.all([servers?.stop(), shopServers?.stop()])
    rmSync(directory, { recursive: true })
  })

  const receive = (sku: string, quantity: number) =>
    client.publish("goods.received", { putaway: "done", lines: [{ sku: `OUR ${sku}`, quantity }] }, { id: `r ${sku}` })
  const buyer = (name: string) => new VendureBuyer(shop.url, name)
  const buy = async (sku: string, units: number): Promise<string> => {
    const { code, state } = await buyer("ann").buy(variants.get(sku)!, units)
    expect(state).toBe("PaymentSettled")
    return code!
  }
  const offers = (sku: string, units: number) =>
    vi.waitFor(async () => expect(await shop.saleable(variants.get(sku)!)).toBe(units), patience)
  /** On hand, and committed to orders. */
  const stockIs = (sku: string, onHand: number, committed: number) =>
    vi.waitFor(async () => {
      const { held = 0, ...units } = (await storedUnits(view.sql)).get(`OUR ${sku}`) ?? {}
      expect({ ...units, held }).toEqual({ onHand, committed, held: 0 })
    }, patience)
  const expectVerified = async () => {
    await untilDrained(view)
    expect((await Effect.runPromise(verify(view.sql))).findings).toEqual([])
    expect(await view.sql`select reason, detail from parked`).toEqual([])
  }

  it("offers what Holdfast says, and what it sells comes back and is applied: placed, shipped in parts, cancelled", async () => {
    await receive("V-0", 10)
    await offers("V-0", 10)
    expect(await buyer("eve").choose(variants.get("V-0")!, 900)).toBe(10)

    const first = await buy("V-0", 3)
    await stockIs("V-0", 10, 3)
    const second = await buy("V-0", 2)
    await stockIs("V-0", 10, 5)
    await offers("V-0", 5)

    await desk.ship(first, 1)
    await stockIs("V-0", 9, 4)
    await desk.ship(first, 2)
    await stockIs("V-0", 7, 2)
    await desk.cancel(second, 1)
    await stockIs("V-0", 7, 1)
    await desk.cancel(second)
    await stockIs("V-0", 7, 0)
    await offers("V-0", 7)
    expect((await desk.stateOf(first)).state).toBe("Shipped")
    expect((await desk.stateOf(second)).state).toBe("Cancelled")
    await expectVerified()
  })

  it("is heard wholly after the stack was killed while it sold", async () => {
    await receive("V-1", 50)
    await offers("V-1", 50)
    const selling = Promise.all(Array.from({ length: 6 }, () => buy("V-1", 2)))
    await vi.waitFor(
      async () => expect((await storedUnits(view.sql)).get("OUR V-1")?.committed).toBeGreaterThan(0),
      patience
    )
    await stack.kill(["app"])
    await selling
    await view.close()
    view = await connectTo(await stack.start())
    await stockIs("V-1", 50, 12)
    await offers("V-1", 38)
    await expectVerified()
  })

  it("sells beyond what is there when buyers race, which Holdfast knows and shows as none left", async () => {
    const supply = 5
    await receive("V-2", supply)
    await offers("V-2", supply)
    const variant = variants.get("V-2")!
    const crowd = Array.from({ length: buyers }, (_, n) => buyer(`racer-${n}`))
    await Promise.all(
      crowd.map(async (one) => {
        await one.choose(variant, 1)
        await one.arrange()
      })
    )
    const elsewhere = async (n: number): Promise<number> => {
      const answer = await client.reserve({ key: `cart-${n}`, sku: "OUR V-2", quantity: 1, ttlMillis: 60_000 })
      if (answer.status !== "granted") return 0
      const { status } = await client.confirm({
        key: `buy-${n}`,
        reservationId: answer.reservationId,
        orderId: `e-${n}`
      })
      return status === "confirmed" ? 1 : 0
    }
    const [bought, granted] = await Promise.all([
      Promise.all(crowd.map((one) => one.pay())),
      Promise.all([0, 1, 2].map(elsewhere))
    ])
    const sold = bought.filter(({ state }) => state === "PaymentSettled")
    const ours = granted.reduce((sum, units) => sum + units, 0)
    const oversold = Math.max(0, sold.length + ours - supply)
    await stockIs("V-2", supply, sold.length + ours)
    const rows = await view.sql`
      select channel, sum(oversold)::int as units from ledger where sku = 'OUR V-2' and oversold > 0 group by channel`
    console.log(
      `${supply} units, ${buyers} buyers in the shop: ${sold.length} paid there, ${ours} of 3 were granted elsewhere, ` +
        `${oversold} oversold; the ledger says ${JSON.stringify(rows)}`
    )
    expect(sold.length).toBeGreaterThan(0)
    // Holdfast itself sells nothing that it knows to be gone: what is oversold is by orders of the shop
    expect(rows).toEqual(oversold === 0 ? [] : [{ channel: "shop", units: oversold }])
    await offers("V-2", 0)
    expect(await buyer("late").choose(variant, 1)).toBe(0)
    const units = async () => (await shortOrders(view.sql)).orders.reduce((sum, order) => sum + order.short, 0)
    expect(await units()).toBe(oversold)

    // as its people would: who came last is told that there are none, and what the shop frees by it is taken back
    for (const { code } of sold.slice(sold.length - oversold)) await desk.cancel(code!)
    await stockIs("V-2", supply, supply)
    const heal = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ by: "olga", heal: "all" })
    }
    expect((await fetch(`${view.httpUrl}/v1/channels/shop/reconciliation`, heal)).status).toBe(202)
    await offers("V-2", 0)
    expect(await units()).toBe(0)
    await expectVerified()
  })
})
