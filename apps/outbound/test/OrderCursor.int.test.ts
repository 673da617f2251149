/** Raises that wait for a channel's own orders: real NATS, real PostgreSQL, and a channel that really receives HTTP. */
import { Sku } from "@holdfast/domain/Identity"
import { moveOrderCursor } from "@holdfast/ledger/OrderCursors"
import { afterAll, afterEach, assert, beforeAll, beforeEach, describe, it } from "vitest"
import * as Harness from "./OutboundHarness.ts"

const { announce, channelOf, publish, shown, startOutbound, until } = Harness

beforeAll(Harness.start)
afterAll(Harness.stop)
beforeEach(Harness.begin)
afterEach(Harness.end)

describe("a channel that is asked for its orders", () => {
  it("is told of falls at once, and of a raise when its orders before it were seen", async () => {
    const shop = await channelOf("shop")
    const begin = Date.now()
    await moveOrderCursor(Harness.sql(), { channel: shop.id, cursor: "1", seenUntil: begin - 60_000 })
    const outbound = await startOutbound([shop])
    const snapshot = () => outbound.snapshots()[0]!
    await publish(announce("MUG", 1, 10))
    await until(() => snapshot().raisesHeld.unseenOrders === 1)
    assert.deepStrictEqual(shown(shop), {})
    await moveOrderCursor(Harness.sql(), { channel: shop.id, cursor: "2", seenUntil: Date.now() })
    await until(() => shown(shop)["MUG"] === 9)
    await publish(announce("MUG", 2, 5))
    await until(() => shown(shop)["MUG"] === 4)
    await publish(announce("MUG", 3, 8))
    await until(() => snapshot().raisesHeld.unseenOrders === 1)
    const [stream] = outbound.channels
    const held = stream!.listing(Sku.make("MUG"))!.held
    assert.isTrue(held?.because === "unseenOrders" && held.until >= begin)
    assert.deepStrictEqual(shown(shop), { MUG: 4 })
    await moveOrderCursor(Harness.sql(), { channel: shop.id, cursor: "3", seenUntil: Date.now() })
    await until(() => shown(shop)["MUG"] === 7)
    assert.strictEqual(snapshot().raisesHeld.unseenOrders, 0)
    await outbound.stop()
  })

  it("waits for nothing when it calls us", async () => {
    const shop = await channelOf("caller")
    await moveOrderCursor(Harness.sql(), { channel: shop.id, cursor: null, seenUntil: 1_000 })
    const outbound = await startOutbound([shop])
    await publish(announce("CUP", 1, 10))
    await until(() => shown(shop)["CUP"] === 9)
    assert.isUndefined(outbound.snapshots()[0]!.ordersSeenUntil)
    await outbound.stop()
  })
})
