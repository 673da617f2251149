/**
 * What WooCommerce's answer to a batch says of each of its items, and what its lists show.
 *
 * A batch is done item by item: each has an answer of its own, a product as it is now or an error, inside one 200. A shop that does not
 * keep stock of a product answers like one that does: only the quantity that it then shows says whether it was set.
 * Guarantee: one outcome per target, in their order, whatever the answer. Pure.
 */
import { Schema } from "effect"
import type { PushOutcome, RejectedBecause } from "../ChannelConnector.ts"
import { shortened } from "../http/AnswerText.ts"
import { idOf, type Target } from "./WooCommerceRequests.ts"

/** A product or a variation, as far as it is about stock. `manage_stock` of a variation may be "parent". */
const Row = Schema.Struct({
  id: Schema.Number,
  parent_id: Schema.optionalKey(Schema.Number),
  manage_stock: Schema.optionalKey(Schema.Unknown),
  stock_quantity: Schema.optionalKey(Schema.Unknown)
})
type Row = typeof Row.Type

const ItemError = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  data: Schema.optionalKey(Schema.Unknown)
})

const Batch = Schema.Struct({ update: Schema.Array(Schema.Unknown) })

const decodeBatch = Schema.decodeUnknownOption(Batch)
const decodeRow = Schema.decodeUnknownOption(Row)
const decodeFailed = Schema.decodeUnknownOption(Schema.Struct({ id: Schema.Number, error: ItemError }))
const decodeRows = Schema.decodeUnknownOption(Schema.Array(Row))
const decodeStatus = Schema.decodeUnknownOption(Schema.Struct({ status: Schema.Number }))

const becauseOf: Readonly<Record<string, RejectedBecause>> = {
  woocommerce_rest_product_invalid_id: "mapping",
  woocommerce_rest_product_variation_invalid_id: "mapping",
  // a variation where a product is asked for
  woocommerce_rest_invalid_product_id: "mapping",
  rest_invalid_param: "request"
}

const failedOf = ({ code, message, data }: typeof ItemError.Type): PushOutcome => {
  const because = becauseOf[code]
  const detail = `${shortened(`${code}: ${message}`)}${because === "mapping" ? "; correct its mapping" : ""}`
  if (because !== undefined) return { _tag: "rejected", because, detail }
  const status = decodeStatus(data)
  const isRefused = status._tag === "Some" && status.value.status >= 400 && status.value.status < 500
  return isRefused ? { _tag: "rejected", because: "listingState", detail } : { _tag: "unknown", detail }
}

const noStock = "the shop keeps no stock of it: its settings say so, or it is a grouped or an external product"

/** Units that are shown; undefined: it is listed without stock of its own. */
const quantityOf = ({ manage_stock, stock_quantity }: Row): number | undefined =>
  manage_stock === true && Number.isSafeInteger(stock_quantity) ? (stock_quantity as number) : undefined

const outcomeOf = ({ item }: Target, answered: unknown): PushOutcome => {
  const failed = decodeFailed(answered)
  if (failed._tag === "Some") return failedOf(failed.value.error)
  const row = decodeRow(answered)
  if (row._tag === "None" || !("stock_quantity" in row.value))
    return { _tag: "unknown", detail: "the answer does not say what became of it" }
  const shown = quantityOf(row.value)
  if (shown === item.quantity) return { _tag: "applied" }
  if (shown === undefined) return { _tag: "rejected", because: "listingState", detail: noStock }
  // somebody else wrote while it was being answered
  return { _tag: "stale", actual: shown }
}

/** @param body of an answer to a batch of these */
export const outcomesOf = (body: unknown, targets: ReadonlyArray<Target>): ReadonlyArray<PushOutcome> => {
  const batch = decodeBatch(body)
  const answers = new Map<number, unknown>()
  for (const each of batch._tag === "Some" ? batch.value.update : []) {
    const row = decodeRow(each)
    if (row._tag === "Some") answers.set(row.value.id, each)
  }
  return targets.map((target) => outcomeOf(target, answers.get(idOf(target.listing))))
}

/** What a list shows: units by id, undefined where no stock is kept. `parentId`: of a list over all products. */
export type ListedRow = { readonly id: number; readonly parentId?: number; readonly quantity: number | undefined }

/** @param body of an answer to a list. @returns undefined: it is not understood */
export const listedOf = (body: unknown): ReadonlyArray<ListedRow> | undefined => {
  const rows = decodeRows(body)
  if (rows._tag === "None") return undefined
  return rows.value.map((row) => ({
    id: row.id,
    quantity: quantityOf(row),
    ...(row.parent_id === undefined ? {} : { parentId: row.parent_id })
  }))
}
