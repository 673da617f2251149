/** What a request about a bundle asks of components. */
import { assert, describe, it } from "vitest"
import { BundleBook } from "@holdfast/domain/Bundle"
import { Sku } from "@holdfast/domain/Identity"
import { ReserveRequest } from "@holdfast/domain/Reservation"
import { ReserveLinesRequest } from "@holdfast/domain/ReservationGroup"
import { Result, Schema } from "effect"
import { asComponents } from "../src/BundleRequest.ts"

const book = new BundleBook()
book.hear({
  bundle: Sku.make("KIT"),
  at: 1,
  serial: 1,
  components: [
    { sku: Sku.make("CUP"), quantity: 2 },
    { sku: Sku.make("TRAY"), quantity: 1 }
  ]
})

const conditions = { key: "checkout-1", ttlMillis: 60_000, orderId: "order-1", channel: "amazon", guard: true }

describe("a request about a bundle", () => {
  it("asks for its components under every condition that was named", () => {
    const request = Schema.decodeUnknownSync(ReserveRequest)({
      ...conditions,
      sku: "KIT",
      quantity: 3,
      locationId: "north"
    })
    assert.deepStrictEqual(Result.getOrThrow(asComponents(request, book)) as unknown, {
      ...conditions,
      lines: [
        { sku: "CUP", quantity: 6, bundle: "KIT", locationId: "north" },
        { sku: "TRAY", quantity: 3, bundle: "KIT", locationId: "north" }
      ]
    })
  })

  it("keeps the conditions of several lines, and the lines that name no bundle", () => {
    const request = Schema.decodeUnknownSync(ReserveLinesRequest)({
      ...conditions,
      partial: false,
      lines: [
        { sku: "KIT", quantity: 1 },
        { sku: "CUP", quantity: 4 }
      ]
    })
    assert.deepStrictEqual(Result.getOrThrow(asComponents(request, book)) as unknown, {
      ...conditions,
      partial: false,
      lines: [
        { sku: "CUP", quantity: 2, bundle: "KIT" },
        { sku: "TRAY", quantity: 1, bundle: "KIT" },
        { sku: "CUP", quantity: 4 }
      ]
    })
  })
})
