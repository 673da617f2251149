import type { LocationId, Sku } from "@holdfast/domain/Identity"
import type { ShortOrder } from "@holdfast/ledger/ShortOrders"
import { describe, expect, it } from "vitest"
import { shortageByChannel, shortText } from "../src/short/ShortText.ts"

const t = Date.parse("2026-11-27T09:30:00Z")
const plain = { columns: 100, color: false }

const order = (orderId: string, sku: string, short: number, rest: Partial<ShortOrder> = {}): ShortOrder => ({
  placedAt: t,
  orderId,
  channel: "webshop",
  sku: sku as Sku,
  locationId: "main" as LocationId,
  units: 10,
  backordered: 0,
  short,
  heard: 1,
  ...rest
})

describe("short orders", () => {
  it("are shown with their sums per channel, an order once however much it is short of", () => {
    const orders = [
      order("4711", "MUG", 3),
      order("4711", "BOWL", 1),
      order("4800", "MUG", 10, { channel: null, placedAt: t + 61_000 })
    ]
    expect(shortText({ orders, backordered: [], uncovered: [] }, plain).split("\n")).toEqual([
      "placed                order  channel  sku   location  open  short",
      "2026-11-27T09:30:00Z  4711   webshop  MUG   main        10      3",
      "2026-11-27T09:30:00Z  4711   webshop  BOWL  main        10      1",
      "2026-11-27T09:31:01Z  4800   -        MUG   main        10     10",
      "",
      "2 orders are short of 14 units",
      "",
      "channel  short orders  short units",
      "-                   1           10",
      "webshop             1            4"
    ])
    expect(shortageByChannel(orders)).toEqual([
      { channel: null, orders: 1, units: 10 },
      { channel: "webshop", orders: 1, units: 4 }
    ])
  })

  it("are none", () => {
    expect(shortText({ orders: [], backordered: [], uncovered: [] }, plain)).toBe(
      "no order is short: nothing is promised beyond what is there"
    )
  })

  it("do not hide what is promised to nobody's order", () => {
    const place = { sku: "MUG" as Sku, locationId: "main" as LocationId }
    const uncovered = [
      { ...place, units: 2, held: 5 },
      { ...place, units: 1, held: 0 }
    ]
    expect(shortText({ orders: [], backordered: [], uncovered }, plain).split("\n")).toEqual([
      "no order is short",
      "",
      "oversold beyond what orders ask for:",
      "  MUG at main: 2 units, where reservations hold 5",
      "  MUG at main: 1 unit, since less than nothing is there: count it"
    ])
  })

  it("are told from those that wait inside an allowance", () => {
    const ordered = order("4711", "MUG", 0)
    const backordered = [
      { ...ordered, backordered: 3, kind: "preorder", expectedAt: t + 86_400_000 },
      { ...ordered, orderId: "4712", backordered: 4, kind: "backorder", expectedAt: null }
    ] as const
    expect(shortText({ orders: [], backordered, uncovered: [] }, { ...plain, columns: 120 }).split("\n")).toEqual([
      "no order is short",
      "",
      "backordered, inside what may be promised beyond what is there:",
      "  placed                order  channel  sku  location  open  to come  allowed as  expected",
      "  2026-11-27T09:30:00Z  4711   webshop  MUG  main        10        3  preorder    2026-11-28T09:30:00Z",
      "  2026-11-27T09:30:00Z  4712   webshop  MUG  main        10        4  backorder   -"
    ])
  })
})
