/** The played day, and that the demo's channels can bear it. */
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { decodeEvent } from "@holdfast/domain/EventManifest"
import { Effect, Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { assortmentSize, definitionAt, demoChannels } from "../src/demo/DemoChannels.ts"
import { samplePlan } from "../src/demo/SamplePlan.ts"
import { samplePath } from "../src/demo/SamplePlayer.ts"
import { encodeEvent } from "../src/retail/EventPublisher.ts"
import { isStockCode } from "../src/retail/OnlineRetail.ts"
import { readRetailCsv } from "../src/retail/RetailCsv.ts"

const rows = await Effect.runPromise(readRetailCsv(samplePath))
const plan = samplePlan(rows, "run1")
const all = [...plan.opening, ...plan.sales.map(({ event }) => event)]
const stockOf = (events: typeof all) =>
  new Set(events.flatMap((event) => event.data.lines.map(({ sku }) => sku)).filter(isStockCode))

describe("the plan of a run", () => {
  it("plays the assortment and receives all of it before", () => {
    expect(plan.assortment).toHaveLength(assortmentSize)
    expect(stockOf([...plan.opening])).toEqual(new Set(plan.assortment))
    expect(stockOf(all)).toEqual(new Set(plan.assortment))
  })

  it("keeps lines that are no stock, so that parking can be seen", () => {
    expect(all.some((event) => event.data.lines.some(({ sku }) => !isStockCode(sku)))).toBe(true)
  })

  it("runs from 0 to 1, forwards", () => {
    const at = plan.sales.map((sale) => sale.at)
    expect([at[0], at.at(-1)]).toEqual([0, 1])
    expect(at).toEqual(at.toSorted((a, b) => a - b))
  })

  it("is valid, and has ids and orders of its own in every run", () => {
    for (const event of all)
      expect(Result.isSuccess(decodeEvent(JSON.parse(encodeEvent(event)), 0)), event.id).toBe(true)
    const other = samplePlan(rows, "run2")
    const ids = [...all, ...other.opening, ...other.sales.map(({ event }) => event)].map(({ id }) => id)
    expect(new Set(ids).size).toBe(2 * all.length)
    expect(all.every(({ source }) => source === "sample")).toBe(true)
    const orders = (of: typeof plan) =>
      of.sales.flatMap(({ event }) => (event.type === "order.placed" ? [event.data.orderId] : []))
    expect(orders(plan).filter((order) => orders(other).includes(order))).toEqual([])
  })

  it("names only the channels of the demo, and all kinds of them", () => {
    const channels = plan.sales.flatMap(({ event }) => (event.type === "order.placed" ? [event.data.channel] : []))
    expect(new Set<string | undefined>(channels)).toEqual(new Set(["marketplace", "webshop", "wholesale"]))
  })
})

describe("the channels of the demo", () => {
  it.each(demoChannels.map((channel) => [channel.definition.id, channel] as const))(
    "%s is a valid definition",
    (_, channel) => {
      const definition = definitionAt(channel, "http://127.0.0.1:1")
      expect(Schema.decodeUnknownSync(ChannelDefinition)(definition)).toEqual(definition)
    }
  )

  it.each(demoChannels.map((channel) => [channel.definition.id, channel] as const))(
    "%s can answer for every listing at once within its budget",
    (_, { definition, behaviour }) => {
      const callMillis = (behaviour.latencyMillis ?? 0) + (behaviour.jitterMillis ?? 0)
      const perSecond = Math.min(definition.rate.perSecond, (definition.rate.concurrency * 1_000) / callMillis)
      expect((assortmentSize / perSecond) * 1_000).toBeLessThan(0.75 * definition.budgetMillis)
    }
  )

  it.each(demoChannels.map((channel) => [channel.definition.id, channel] as const))(
    "%s is asked for less than it admits",
    (_, { definition, behaviour }) => {
      if (behaviour.perSecond === undefined || behaviour.perSecond === 0) return
      expect(definition.rate.perSecond).toBeLessThan(behaviour.perSecond)
      expect(definition.rate.burst).toBeLessThan(behaviour.burst ?? 0)
    }
  )
})
