/**
 * A shop in TypeScript, over NATS: ten mugs arrive, a customer reserves three and buys them, another one wants more than are left.
 *
 * Start Holdfast with `npm start`, then, with Node 24:
 *
 *     node apps/holdfast/api/examples/typescript/shop.ts
 *
 * NATS_URL says where NATS is, if not at nats://localhost:4222.
 */
import { connect } from "@holdfast/client/Client"

// A name for this run and a SKU of its own, so that you can run it again and see the same.
const run = process.argv[2] ?? String(Date.now())
const sku = `MUG-${run}`

const natsUrl = process.env["NATS_URL"] ?? "nats://localhost:4222"
const holdfast = await connect({ natsUrl, source: "example-typescript" })

// 1. Say what happened. The id makes it safe to say it again: after a crash, publish under the same id once more.
const receipt = { putaway: "done", lines: [{ sku, quantity: 10 }] } as const
const stored = await holdfast.publish("goods.received", receipt, { id: `receipt-${run}` })
console.log("received ", stored)

// 2. It is stored; what it means for stock is decided a moment later. A watch gives what is known now, then every change.
for await (const { available, version } of holdfast.watch(sku)) {
  console.log("available", { available, version })
  if (available >= 3) break
}

// 3. Reserve. The key names this request: asked again, it hears the same answer, so a lost answer costs nothing.
const answer = await holdfast.reserve({ key: `cart-${run}`, sku, quantity: 3 })
console.log("cart     ", answer)
if (answer.status !== "granted") throw new Error(`expected a grant, heard ${answer.status}`)

// 4. The customer pays: the units now belong to the order. (Or: release it. Or do nothing, and the hold ends by itself.)
const { reservationId } = answer
const bought = await holdfast.confirm({ key: `buy-${run}`, reservationId, orderId: `order-${run}` })
console.log("order    ", bought)

// 5. Nothing is granted beyond what is there.
console.log("too many ", await holdfast.reserve({ key: `greedy-${run}`, sku, quantity: 8 }))

await holdfast.close()
