/** A Shopify shop as a channel of outbound: what is not mapped is told once it is, without a restart. */
import { makeShopifyContract } from "@holdfast/channels/testing/shopify/ShopifyContract"
import { ShopifyShop } from "@holdfast/channels/testing/shopify/ShopifyShop"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import { listMappings, mappedKeys, saveMappings } from "@holdfast/ledger/ChannelMapping"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import { announce, begin, end, publish, sql, start, startOutbound, stop, until, within } from "./OutboundHarness.ts"

beforeAll(start)
afterAll(stop)
beforeEach(begin)
afterEach(end)

const id = (number: number) => `gid://shopify/InventoryItem/${number}`
const row = (sku: string, number: number) => ({
  sku: Sku.make(sku),
  external: { inventoryItemId: id(number) },
  key: id(number)
})

const definitionAt = (endpoint: string, { locationId }: ShopifyShop): ChannelDefinition => ({
  id: ChannelId.make("shopify"),
  name: "Shop",
  connector: "shopify",
  endpoint,
  secretEnv: "TEST_SECRET",
  shopify: { locationId },
  buffer: 0,
  timing: { model: "realtime" },
  budgetMillis: 2_000,
  objective: 0.99,
  rate: { perSecond: 100, burst: 10, concurrency: 2 },
  timeoutMillis: 5_000
})

it("tells a shop what is mapped, and the rest as soon as it is", async () => {
  const shop = new ShopifyShop()
  for (const number of [1, 2]) shop.items.set(id(number), { quantity: 0 })
  const quantities = () => [...shop.items.values()].map(({ quantity }) => quantity)
  const { url } = await within(makeShopifyContract(shop))
  const definition = definitionAt(url, shop)
  await saveMappings(sql(), definition.id, [row("MUG", 1)], [])
  shop.token = `whsec_${Buffer.from("a secret of the tests").toString("base64")}`
  const outbound = await startOutbound([], [definition])
  try {
    const stream = outbound.channel(definition.id)!
    await publish(announce("MUG", 1, 10))
    await publish(announce("CUP", 1, 20))
    await until(() => quantities()[0] === 10 && stream.quarantined().length === 1)
    expect(stream.quarantined()[0]?.quarantine?.detail).toContain("holdfast mapping apply shopify")

    await saveMappings(sql(), definition.id, [row("CUP", 2)], [])
    await until(() => quantities()[1] === 20)
    expect(stream.quarantined()).toEqual([])

    // the shop sells one, of which nobody has told us: it is seen, not overwritten, and told anew by what is shown
    shop.items.get(id(1))!.quantity = 9
    await publish(announce("MUG", 2, 30))
    await until(() => quantities()[0] === 30)
    expect(stream.snapshot().stale).toBe(1)
    await until(() => stream.snapshot().pending === 0)
  } finally {
    await outbound.stop()
  }
})

it("keeps a listing for one SKU, lets two exchange theirs, and forgets what is removed", async () => {
  const channel = "exchange"
  await saveMappings(sql(), channel, [row("A", 1), row("B", 2)], [])
  await saveMappings(sql(), "another", [row("A", 1)], [])
  await saveMappings(sql(), channel, [row("A", 2), row("B", 1)], [])
  const keys = () => mappedKeys(sql(), channel, [id(1), id(2), id(3)])
  expect(await keys()).toEqual(
    new Map([
      [id(1), "B"],
      [id(2), "A"]
    ])
  )
  await expect(saveMappings(sql(), channel, [row("C", 3), row("D", 1)], [])).rejects.toThrow(/channel_mapping_by_key/)
  expect(await keys()).toEqual(
    new Map([
      [id(1), "B"],
      [id(2), "A"]
    ])
  )
  await saveMappings(sql(), channel, [], ["A"])
  expect(await listMappings(sql(), channel, 10, undefined)).toEqual([row("B", 1)])
  expect(await listMappings(sql(), channel, 10, "B")).toEqual([])
})
