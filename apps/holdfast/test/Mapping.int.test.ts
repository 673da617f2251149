/** A Shopify shop on the whole stack: mapped by file, told what there is. */
import { makeShopifyContract } from "@holdfast/channels/testing/shopify/ShopifyContract"
import { ShopifyShop } from "@holdfast/channels/testing/shopify/ShopifyShop"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, LocationId } from "@holdfast/domain/Identity"
import { Effect, Exit, Scope } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { connectTo, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

const item = "gid://shopify/InventoryItem/7"

describe("a Shopify shop of a running stack", { timeout: 120_000 }, () => {
  const shop = new ShopifyShop()
  const outlet = "gid://shopify/Location/2"
  const elsewhere = { [outlet]: 0 }
  shop.items.set(item, { quantity: 0, elsewhere })
  const scope = Scope.makeUnsafe()
  let stack: StackProcess
  let client: StackClient
  let directory: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "mapping-"))
    const { url } = await Effect.runPromise(Scope.provide(makeShopifyContract(shop), scope))
    const { locationId, token } = shop
    const definition: ChannelDefinition = {
      id: ChannelId.make("shop"),
      name: "Shop",
      connector: "shopify",
      endpoint: url,
      secretEnv: "SHOP_TOKEN",
      shopify: { locationId },
      buffer: 0,
      timing: { model: "realtime" },
      budgetMillis: 5_000,
      objective: 0.99,
      rate: { perSecond: 10, burst: 10, concurrency: 2, account: "shop" },
      timeoutMillis: 5_000
    }
    const atOutlet: ChannelDefinition = {
      ...definition,
      id: ChannelId.make("shop-outlet"),
      shopify: { locationId: outlet },
      locations: [LocationId.make("outlet")]
    }
    const channels = [{ ...definition, locations: [LocationId.make("main")] }, atOutlet]
    stack = StackProcess.make({ channels, env: { SHOP_TOKEN: token } })
    client = await connectTo(await stack.start())
  })
  afterAll(async () => {
    await client?.close()
    await stack.remove()
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(directory, { recursive: true })
  })

  const mapping = (...words: ReadonlyArray<string>) => stack.command(["mapping", ...words])
  const file = (...lines: ReadonlyArray<string>): string => {
    const path = join(directory, "listings.csv")
    writeFileSync(path, ["sku,inventory_item_id", ...lines].join("\n"))
    return path
  }

  it("is told what there is of a SKU once the SKU is mapped", async () => {
    const data = { putaway: "done", lines: [{ sku: "MUG", quantity: 12 }] }
    const event = JSON.stringify({ id: "received", source: "test", data })
    await client.nats.jetstream.publish("stock.events.goods.received", event, { timeout: 10_000 })

    const bad = await mapping("apply", "shop", file("MUG,seven"))
    expect(bad.code).not.toBe(0)
    expect(bad.stderr).toMatch(/line 2, column inventory_item_id: must be the number .*"seven"/)

    expect((await mapping("apply", "shop", file("MUG,7"))).stdout).toContain("new 1, changed 0, removed 0, unchanged 0")
    await vi.waitFor(() => expect(shop.items.get(item)!.quantity).toBe(12), { timeout: 30_000, interval: 100 })
    expect((await mapping("list", "shop")).stdout).toMatch(/MUG +gid:\/\/shopify\/InventoryItem\/7/)
  })
  it("is told at each of its locations what ours of it holds, by a channel for each", async () => {
    expect((await mapping("apply", "shop-outlet", file("MUG,7"))).stdout).toContain("new 1")
    const data = { putaway: "done", lines: [{ sku: "MUG", quantity: 5, locationId: "outlet" }] }
    const event = JSON.stringify({ id: "received-outlet", source: "test", data })
    await client.nats.jetstream.publish("stock.events.goods.received", event, { timeout: 10_000 })
    await vi.waitFor(() => expect(elsewhere[outlet]).toBe(5), { timeout: 30_000, interval: 100 })
    expect(shop.items.get(item)!.quantity).toBe(12)
  })
})
