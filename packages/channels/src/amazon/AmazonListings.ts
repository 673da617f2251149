/**
 * What is said to Amazon's Listings Items API of 2021-08-01 about quantities, and what its answers say.
 *
 * Guarantee: only the quantity of the merchant's own stock is touched: `merge` leaves what else a listing says of its availability
 * (handling time, restock date) as it is. One outcome for each answer, whatever it is. Pure.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { Option, Schema } from "effect"
import type { PushItem, PushOutcome, RejectedBecause } from "../ChannelConnector.ts"
import { shortened } from "../http/AnswerText.ts"
import { type AmazonApi, type AmazonRequest, queryOf } from "./AmazonApi.ts"

type Seller = Pick<AmazonApi, "sellerId" | "marketplaceId">

/** The merchant's own stock; other codes are warehouses of Amazon. */
const merchantChannel = "DEFAULT"

const pathOf = ({ sellerId }: Seller, sku?: Sku): string =>
  `/listings/2021-08-01/items/${sellerId}${sku === undefined ? "" : `/${encodeURIComponent(sku)}`}`

/** Why no request can name a SKU; undefined: one can. A path of dots is another path. */
export const unnameable = (sku: Sku): PushOutcome | undefined =>
  sku === "." || sku === ".."
    ? { _tag: "rejected", because: "mapping", detail: `Amazon's API cannot name the SKU "${sku}"` }
    : undefined

export const setQuantity = (seller: Seller, { sku, quantity }: PushItem): AmazonRequest => ({
  method: "PATCH",
  target: `${pathOf(seller, sku)}${queryOf({ marketplaceIds: seller.marketplaceId })}`,
  body: {
    // any type serves for a change of what all types have
    productType: "PRODUCT",
    patches: [
      {
        op: "merge",
        path: "/attributes/fulfillment_availability",
        value: [{ fulfillment_channel_code: merchantChannel, quantity }]
      }
    ]
  }
})

const includedData = "fulfillmentAvailability"

/** SKUs that one search can name: its list is parted by commas. */
export const isSearchable = (sku: Sku): boolean => !sku.includes(",")

export const findListings = (seller: Seller, skus: ReadonlyArray<Sku>): AmazonRequest => ({
  method: "GET",
  target: `${pathOf(seller)}${queryOf({
    marketplaceIds: seller.marketplaceId,
    identifiers: skus,
    identifiersType: "SKU",
    includedData,
    pageSize: String(skus.length)
  })}`
})

export const getListing = (seller: Seller, sku: Sku): AmazonRequest => ({
  method: "GET",
  target: `${pathOf(seller, sku)}${queryOf({ marketplaceIds: seller.marketplaceId, includedData })}`
})

const Issue = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  severity: Schema.String,
  attributeNames: Schema.optionalKey(Schema.Array(Schema.String))
})

const Submission = Schema.Struct({
  status: Schema.String,
  submissionId: Schema.String,
  issues: Schema.optionalKey(Schema.Array(Issue))
})
const decodeSubmission = Schema.decodeUnknownOption(Submission)

const becauseOf = (issues: ReadonlyArray<typeof Issue.Type>): RejectedBecause =>
  issues.some(({ attributeNames = [] }) => attributeNames.includes("fulfillment_availability"))
    ? "value"
    : "listingState"

/** @param body of an answer to a change: accepted is not yet shown */
export const outcomeOfSubmission = (body: unknown): PushOutcome => {
  const read = decodeSubmission(body)
  if (Option.isNone(read)) return { _tag: "unknown", detail: "the answer does not say what became of the change" }
  const { status, submissionId, issues = [] } = read.value
  if (status === "ACCEPTED") return { _tag: "accepted", job: submissionId }
  if (status !== "INVALID") return { _tag: "unknown", detail: shortened(`the change has status ${status}`) }
  const errors = issues.filter(({ severity }) => severity === "ERROR")
  const said = errors.map(({ code, message }) => `${code}: ${message}`).join("; ")
  return { _tag: "rejected", because: becauseOf(errors), detail: shortened(said) || "INVALID, without an issue" }
}

const Item = Schema.Struct({
  sku: Schema.String,
  fulfillmentAvailability: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        fulfillmentChannelCode: Schema.String,
        quantity: Schema.optionalKey(Schema.Number.check(Schema.isInt()))
      })
    )
  )
})
const decodeItem = Schema.decodeUnknownOption(Item)
const decodeItems = Schema.decodeUnknownOption(Schema.Struct({ items: Schema.Array(Item) }))

const shownBy = ({ fulfillmentAvailability = [] }: typeof Item.Type): number | undefined =>
  fulfillmentAvailability.find(({ fulfillmentChannelCode }) => fulfillmentChannelCode === merchantChannel)?.quantity

/** @returns quantities by SKU, of those that have one; undefined: the answer is not understood */
export const quantitiesOf = (body: unknown): ReadonlyMap<string, number> | undefined => {
  const many = decodeItems(body)
  const one = Option.map(decodeItem(body), (item) => ({ items: [item] }))
  const found = Option.orElse(many, () => one)
  if (Option.isNone(found)) return undefined
  return new Map(
    found.value.items.flatMap((item) => {
      const quantity = shownBy(item)
      return quantity === undefined ? [] : [[item.sku, quantity] as const]
    })
  )
}
