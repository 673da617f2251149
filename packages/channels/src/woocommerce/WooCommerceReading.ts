/**
 * Asks a WooCommerce shop what it shows.
 *
 * Guarantee: a variation is shown only as one of the product that it is mapped under. Variations of several products are one request
 * where the shop knows how (WooCommerce 10.3), and else one for each product. Refused once, it asks no further.
 */
import { Effect } from "effect"
import type { PushOutcome } from "../ChannelConnector.ts"
import type { WooCommerceAnswer } from "./WooCommerceAnswer.ts"
import type { WooCommerceListing } from "./WooCommerceListing.ts"
import { type ListedRow, listedOf } from "./WooCommerceOutcome.ts"
import {
  allVariationsRequest,
  productsRequest,
  variationsRequest,
  type WooCommerceRequest
} from "./WooCommerceRequests.ts"

export type Ask = (request: WooCommerceRequest) => Effect.Effect<WooCommerceAnswer>

/** A name for one listing, as the shop lists it. */
export const nameOf = ({ productId, variationId }: WooCommerceListing): string =>
  variationId === undefined ? String(productId) : `${productId}/${variationId}`

/** `quantities` by `nameOf`: what is listed, undefined where no stock is kept of it. */
export type Reading =
  | {
      readonly _tag: "listed"
      readonly quantities: ReadonlyMap<string, number | undefined>
      readonly observed: PushOutcome["observed"]
    }
  | { readonly _tag: "refused"; readonly outcome: PushOutcome; readonly missing: boolean }

/** @param nameOfRow which listing a row of the answer is; @param ask the shop */
const list = (ask: Ask, request: WooCommerceRequest, nameOfRow: (row: ListedRow) => string): Effect.Effect<Reading> =>
  Effect.map(ask(request), (answer): Reading => {
    if (answer._tag === "refused") return answer
    const rows = listedOf(answer.body)
    if (rows === undefined)
      return {
        _tag: "refused",
        outcome: { _tag: "unknown", detail: "the answer is not a list of products" },
        missing: false
      }
    const quantities = new Map(rows.map((row) => [nameOfRow(row), row.quantity]))
    return { _tag: "listed", quantities, observed: answer.observed }
  })

/** Variations of one product. */
export const readVariations = (ask: Ask, productId: number, ids: ReadonlyArray<number>): Effect.Effect<Reading> =>
  list(ask, variationsRequest(productId, ids), ({ id }) => `${productId}/${id}`)

type Variations = ReadonlyMap<number, ReadonlyArray<number>>

const variationsOf = (listings: ReadonlyArray<WooCommerceListing>): Variations => {
  const byProduct = new Map<number, Array<number>>()
  for (const { productId, variationId } of listings) {
    if (variationId === undefined) continue
    const ids = byProduct.get(productId)
    if (ids === undefined) byProduct.set(productId, [variationId])
    else ids.push(variationId)
  }
  return byProduct
}

/** One after the other; the first that is refused is the answer. */
const inTurn = (readings: ReadonlyArray<Effect.Effect<Reading>>): Effect.Effect<Reading> =>
  Effect.gen(function* () {
    const quantities = new Map<string, number | undefined>()
    let observed: PushOutcome["observed"]
    for (const reading of readings) {
      const read = yield* reading
      if (read._tag === "refused") return read
      for (const [name, quantity] of read.quantities) quantities.set(name, quantity)
      observed = read.observed ?? observed
    }
    return { _tag: "listed", quantities, observed }
  })

/** A reader of what one shop shows, which remembers whether the shop lists variations of all products. */
export const makeReader = (ask: Ask): ((listings: ReadonlyArray<WooCommerceListing>) => Effect.Effect<Reading>) => {
  let listsAllVariations = true

  const eachProduct = (variations: Variations): Effect.Effect<Reading> =>
    inTurn([...variations].map(([productId, ids]) => readVariations(ask, productId, ids)))

  const ofSeveral = (variations: Variations): Effect.Effect<Reading> =>
    Effect.gen(function* () {
      const request = allVariationsRequest([...variations.values()].flat())
      const read = yield* list(ask, request, ({ id, parentId }) => `${parentId}/${id}`)
      if (read._tag === "listed" || !read.missing) return read
      listsAllVariations = false
      return yield* eachProduct(variations)
    })

  return (listings) => {
    const products = listings.flatMap(({ productId, variationId }) => (variationId === undefined ? [productId] : []))
    const variations = variationsOf(listings)
    return inTurn([
      ...(products.length === 0 ? [] : [list(ask, productsRequest(products), ({ id }) => String(id))]),
      ...(variations.size === 0
        ? []
        : [
            Effect.suspend(() =>
              listsAllVariations && variations.size > 1 ? ofSeveral(variations) : eachProduct(variations)
            )
          ])
    ])
  }
}
