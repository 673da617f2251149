/**
 * What Shopify's answer to a write says of each of its items, and to a query of what it shows.
 *
 * A write is all or nothing: with any error, items that none of the errors is about were not written either.
 * Guarantee: one outcome per target, in their order, whatever the answer. Pure.
 */
import { Schema } from "effect"
import type { PushOutcome, RejectedBecause } from "../ChannelConnector.ts"
import { shortened } from "../http/HttpOutcome.ts"

const UserError = Schema.Struct({
  code: Schema.NullOr(Schema.String),
  field: Schema.NullOr(Schema.Array(Schema.String)),
  message: Schema.String
})
type UserError = typeof UserError.Type

const Written = Schema.Struct({ inventorySetQuantities: Schema.Struct({ userErrors: Schema.Array(UserError) }) })

const Shown = Schema.Struct({
  nodes: Schema.Array(
    Schema.NullOr(
      Schema.Struct({
        id: Schema.optionalKey(Schema.String),
        inventoryLevel: Schema.optionalKey(
          Schema.NullOr(
            Schema.Struct({
              quantities: Schema.Array(
                Schema.Struct({ name: Schema.String, quantity: Schema.Number.check(Schema.isInt()) })
              )
            })
          )
        )
      })
    )
  )
})

const decodeWritten = Schema.decodeUnknownOption(Written)
const decodeShown = Schema.decodeUnknownOption(Shown)

const becauseOf: Readonly<Record<string, RejectedBecause>> = {
  INVALID_INVENTORY_ITEM: "mapping",
  INVALID_LOCATION: "mapping",
  NON_MUTABLE_INVENTORY_ITEM: "listingState",
  INVALID_QUANTITY_NEGATIVE: "value",
  INVALID_QUANTITY_TOO_HIGH: "value",
  INVALID_QUANTITY_TOO_LOW: "value"
}

const hintOf: Readonly<Record<string, string>> = {
  INVALID_INVENTORY_ITEM: "; correct its mapping",
  INVALID_LOCATION: "; stock the item at the location in Shopify, or correct shopify.locationId of the channel"
}

const outcomeOf = ({ code, message }: UserError): PushOutcome => {
  const name = code ?? "no code"
  const detail = `${shortened(`${name}: ${message}`)}${hintOf[name] ?? ""}`
  switch (name) {
    case "CHANGE_FROM_QUANTITY_STALE":
    // the key is spent: what is shown is read, and then told under another one
    case "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED":
      return { _tag: "stale", actual: undefined }
    case "IDEMPOTENCY_CONCURRENT_REQUEST":
      return { _tag: "unknown", detail }
  }
  return { _tag: "rejected", because: becauseOf[name] ?? "request", detail }
}

/** Which target an error is about: `["input", "quantities", "3", ...]`. */
const indexOf = ({ field }: UserError): number | undefined => {
  const at = field?.indexOf("quantities") ?? -1
  const index = at < 0 ? undefined : field![at + 1]
  return index !== undefined && /^\d{1,4}$/.test(index) ? Number(index) : undefined
}

/** @param data of an answer to a write of `count` targets */
export const outcomesOf = (data: unknown, count: number): ReadonlyArray<PushOutcome> => {
  const every = (outcome: PushOutcome) => Array.from({ length: count }, () => outcome)
  const read = decodeWritten(data)
  if (read._tag === "None")
    return every({ _tag: "unknown", detail: "the answer does not say what became of the write" })
  const { userErrors } = read.value.inventorySetQuantities
  if (userErrors.length === 0) return every({ _tag: "applied" })
  const outcomes = new Map<number, PushOutcome>()
  for (const error of userErrors) {
    const index = indexOf(error)
    if (index !== undefined && index < count && !outcomes.has(index)) outcomes.set(index, outcomeOf(error))
  }
  if (outcomes.size === 0) return every(outcomeOf(userErrors[0]!))
  const detail = "nothing was written, for an error of another item"
  const mate: PushOutcome = { _tag: "notApplied", because: "batchMate", retryAfterMillis: undefined, detail }
  return every(mate).map((otherwise, index) => outcomes.get(index) ?? otherwise)
}

/** @param data of an answer to a query. @returns quantities by inventory item; undefined: the answer is not understood */
export const quantitiesOf = (data: unknown): ReadonlyMap<string, number> | undefined => {
  const read = decodeShown(data)
  if (read._tag === "None") return undefined
  const shown = new Map<string, number>()
  for (const node of read.value.nodes) {
    const quantity = node?.inventoryLevel?.quantities.find(({ name }) => name === "available")
    if (node?.id !== undefined && quantity !== undefined) shown.set(node.id, quantity.quantity)
  }
  return shown
}
