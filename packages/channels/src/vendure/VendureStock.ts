/**
 * What Vendure's stock levels mean, and what is to be set so that it shows a quantity.
 *
 * Vendure shows what is on hand less what it has allocated to its own orders, and lets only the first be set, absolutely, without
 * comparing. So what it has allocated is read, and added to what it is told.
 *
 * - An order that Vendure takes between reading and writing is allocated, and shown less, on top of what is told: it is not lost.
 * - Goods that leave Vendure's books between reading and writing (a fulfilment, a cancellation) are allocated no more: it then shows that
 *   many too many. Its answer to the write says so, and the item is told again at once.
 * - Vendure itself reads a level, then adds a difference: a fulfilment in the same moment may be lost inside it. Read-back finds that.
 *
 * Guarantee: pure. One verdict per item, whatever the answer.
 */
import { Schema } from "effect"
import type { PushItem, PushOutcome } from "../ChannelConnector.ts"

const Whole = Schema.Number.check(Schema.isInt())

const Level = Schema.Struct({ stockLocationId: Schema.String, stockOnHand: Whole, stockAllocated: Whole })
type Level = typeof Level.Type

const Read = Schema.Struct({
  globalSettings: Schema.Struct({ trackInventory: Schema.Boolean }),
  stockLocation: Schema.NullOr(Schema.Struct({ id: Schema.String })),
  productVariants: Schema.Struct({
    items: Schema.Array(
      Schema.Struct({ id: Schema.String, trackInventory: Schema.String, stockLevels: Schema.Array(Level) })
    )
  })
})

const Written = Schema.Struct({
  updateProductVariants: Schema.Array(
    Schema.NullOr(Schema.Struct({ id: Schema.String, stockLevels: Schema.Array(Level) }))
  )
})

const decodeRead = Schema.decodeUnknownOption(Read)
const decodeWritten = Schema.decodeUnknownOption(Written)

const none = { stockOnHand: 0, stockAllocated: 0 }

/** Of one variant at our location. */
export interface Stock {
  /** below nothing where Vendure released more than it had allocated, as after orders that it oversold are cancelled */
  readonly allocated: number
  /** units that buyers are offered */
  readonly shown: number
  /** whether Vendure counts it at all */
  readonly isTracked: boolean
}

export interface Stocks {
  /** whether the shop has our location */
  readonly isLocated: boolean
  readonly byVariant: ReadonlyMap<string, Stock>
}

/** Nothing was ever there where there is no level. */
const stockAt = (levels: ReadonlyArray<Level>, locationId: string, isTracked: boolean): Stock => {
  const { stockAllocated: allocated, stockOnHand } =
    levels.find((level) => level.stockLocationId === locationId) ?? none
  return { allocated, shown: Math.max(0, stockOnHand - allocated), isTracked }
}

/** @param data of an answer to a query. @returns undefined: the answer is not understood */
export const stocksOf = (data: unknown, locationId: string): Stocks | undefined => {
  const read = decodeRead(data)
  if (read._tag === "None") return undefined
  const { globalSettings, stockLocation, productVariants } = read.value
  const isTracked = (flag: string) => flag === "TRUE" || (flag === "INHERIT" && globalSettings.trackInventory)
  return {
    isLocated: stockLocation !== null,
    byVariant: new Map(
      productVariants.items.map(({ id, stockLevels, trackInventory }) => [
        id,
        stockAt(stockLevels, locationId, isTracked(trackInventory))
      ])
    )
  }
}

/** What is to be written for an item. */
export interface Write {
  readonly variantId: string
  /** below nothing where what is allocated is: only so does Vendure show the quantity */
  readonly stockOnHand: number
  readonly quantity: number
}

/**
 * A sale that we have not heard of is not overwritten by a higher quantity. A lower one is told at once: there is less than what is
 * shown, whatever was sold.
 */
export const planOf = (item: PushItem, variantId: string, stocks: Stocks): Write | PushOutcome => {
  const { quantity, expected, sku } = item
  const refuse = (because: "mapping" | "listingState", detail: string): PushOutcome => ({
    _tag: "rejected",
    because,
    detail
  })
  if (!stocks.isLocated)
    return refuse("mapping", "the shop has no such stock location: correct vendure.stockLocationId")
  const stock = stocks.byVariant.get(variantId)
  if (stock === undefined)
    return refuse("mapping", `the shop has no product variant ${variantId}; correct the mapping of ${sku}`)
  if (!stock.isTracked)
    return refuse("listingState", `the shop does not track the inventory of variant ${variantId}: it sells any number`)
  if (stock.shown === quantity) return { _tag: "applied" }
  if (expected !== undefined && expected !== stock.shown && quantity > stock.shown)
    return { _tag: "stale", actual: stock.shown }
  return { variantId, stockOnHand: quantity + stock.allocated, quantity }
}

/** @param data of an answer to a write */
export const outcomesOf = (
  data: unknown,
  locationId: string,
  writes: ReadonlyArray<Write>
): ReadonlyArray<PushOutcome> => {
  const read = decodeWritten(data)
  const unknown: PushOutcome = { _tag: "unknown", detail: "the answer does not say what became of the write" }
  if (read._tag === "None") return writes.map(() => unknown)
  const levels = new Map(read.value.updateProductVariants.map((variant) => [variant?.id, variant?.stockLevels]))
  return writes.map(({ variantId, quantity }): PushOutcome => {
    const said = levels.get(variantId)
    if (said === undefined) return unknown
    const { shown } = stockAt(said, locationId, true)
    // fewer: sold there meanwhile
    return shown > quantity ? { _tag: "stale", actual: shown } : { _tag: "applied" }
  })
}
