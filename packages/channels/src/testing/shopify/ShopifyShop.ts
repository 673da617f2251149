/**
 * What a Shopify shop holds, and how it takes a write: all or nothing, under a key that counts once, compared before it is set.
 */
import { GraphQLError } from "graphql"

export interface QuantityInput {
  readonly inventoryItemId: string
  readonly locationId: string
  readonly quantity: number
  readonly changeFromQuantity?: number | null
}

export interface SetInput {
  readonly name: string
  readonly reason: string
  readonly referenceDocumentUri?: string | null
  readonly quantities: ReadonlyArray<QuantityInput>
}

export interface UserError {
  readonly code: string
  readonly field: ReadonlyArray<string> | null
  readonly message: string
}

export interface ShopItem {
  /** at the shop's location */
  quantity: number
  /** at other locations that it is stocked at, by their ids */
  readonly elsewhere?: Record<string, number>
  /** its quantity follows from others' */
  readonly isBundle?: boolean
}

interface Attempt {
  readonly said: string
  readonly isApplied: boolean
}

const arrayMax = 250
const quantityMax = 1_000_000_000

const refuse = (message: string, code: string): never => {
  throw new GraphQLError(message, { extensions: { code } })
}

const whole = (code: string, message: string): ReadonlyArray<UserError> => [{ code, field: null, message }]

export class ShopifyShop {
  /** its access token: another one makes the old one worthless */
  token = "shpat_a_token_of_the_tests"
  readonly locationId = "gid://shopify/Location/1"
  readonly items = new Map<string, ShopItem>()
  /** quantities that were set */
  applied = 0
  private readonly attempts = new Map<string, Attempt>()

  /** @param key of `@idempotent`, undefined where it is missing */
  set(input: SetInput, key: string | undefined): ReadonlyArray<UserError> {
    if (key === undefined) return refuse("The @idempotent directive is required for this mutation", "BAD_REQUEST")
    if (input.quantities.length > arrayMax) return refuse(`at most ${arrayMax} quantities`, "MAX_INPUT_SIZE_EXCEEDED")
    if (input.quantities.some((each) => !("changeFromQuantity" in each)))
      return refuse("changeFromQuantity must be passed, even if null", "BAD_REQUEST")
    const said = JSON.stringify(input)
    const before = this.attempts.get(key)
    if (before !== undefined && before.said !== said)
      return whole("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "the key was used with other parameters")
    if (before?.isApplied === false) return whole("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "use another key")
    if (before !== undefined) return []
    const errors = this.errorsOf(input)
    this.attempts.set(key, { said, isApplied: errors.length === 0 })
    if (errors.length > 0) return errors
    for (const { inventoryItemId, locationId, quantity } of input.quantities) {
      const item = this.items.get(inventoryItemId)!
      if (locationId === this.locationId) item.quantity = quantity
      else item.elsewhere![locationId] = quantity
    }
    this.applied += input.quantities.length
    return []
  }

  /** What it holds of an item; undefined: the item is not stocked at that location. */
  level(item: ShopItem, locationId: string): number | undefined {
    return locationId === this.locationId ? item.quantity : item.elsewhere?.[locationId]
  }

  private errorsOf({ name, quantities }: SetInput): ReadonlyArray<UserError> {
    if (name !== "available" && name !== "on_hand") return whole("INVALID_NAME", `${name} is no name of a quantity`)
    return quantities.flatMap((each, index) => {
      const [field, code] = this.faultOf(each, quantities, index) ?? []
      return field === undefined
        ? []
        : [{ code: code!, field: ["input", "quantities", String(index), field], message: `${field} is refused` }]
    })
  }

  private faultOf(
    { inventoryItemId, locationId, quantity, changeFromQuantity }: QuantityInput,
    all: ReadonlyArray<QuantityInput>,
    index: number
  ): readonly [field: string, code: string] | undefined {
    const item = this.items.get(inventoryItemId)
    const isElsewhere = locationId !== this.locationId
    if (isElsewhere && item?.elsewhere?.[locationId] === undefined) return ["locationId", "INVALID_LOCATION"]
    if (item === undefined) return ["inventoryItemId", "INVALID_INVENTORY_ITEM"]
    if (item.isBundle === true) return ["inventoryItemId", "NON_MUTABLE_INVENTORY_ITEM"]
    if (all.findIndex((other) => other.inventoryItemId === inventoryItemId) !== index)
      return ["inventoryItemId", "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"]
    if (quantity < 0) return ["quantity", "INVALID_QUANTITY_NEGATIVE"]
    if (quantity > quantityMax) return ["quantity", "INVALID_QUANTITY_TOO_HIGH"]
    if (changeFromQuantity !== null && changeFromQuantity !== this.level(item, locationId))
      return ["changeFromQuantity", "CHANGE_FROM_QUANTITY_STALE"]
    return undefined
  }
}
