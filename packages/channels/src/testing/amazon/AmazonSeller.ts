/**
 * What a seller at Amazon has: listings, orders, an authorization; and how a change of a listing is taken: looked at at once,
 * applied when it lands.
 */
import type { Change } from "./AmazonSchemas.ts"
import type { SellerOrder } from "./AmazonOrders.ts"

export interface SellerListing {
  quantity: number
  /** days; only a change that says so touches them */
  readonly leadTimeDays?: number
  /** Amazon's warehouses hold it: it has no quantity of the seller's own */
  readonly isFulfilledByAmazon?: boolean
}

export interface SubmissionIssue {
  readonly code: string
  readonly message: string
  readonly severity: "ERROR" | "WARNING" | "INFO"
  readonly attributeNames: ReadonlyArray<string>
  readonly categories: ReadonlyArray<string>
}

interface Landing {
  readonly sku: string
  readonly listing: SellerListing
}

/** The least and the most that a listing shows. */
const quantityMax = 1_000_000_000

const invalid = (code: string, message: string, categories: ReadonlyArray<string>): SubmissionIssue => ({
  code,
  message,
  severity: "ERROR",
  attributeNames: ["fulfillment_availability"],
  categories
})

export class AmazonSeller {
  readonly sellerId = "A3TH9S8BH6GOGM"
  readonly marketplaceId = "ATVPDKIKX0DER"
  readonly clientId = "amzn1.application-oa2-client.test"
  readonly clientSecret = "amzn1.oa2-cs.v1.a-secret-of-the-tests"
  /** another one makes the old one worthless */
  refreshToken = "Atzr|a-refresh-token-of-the-tests"
  readonly listings = new Map<string, SellerListing>()
  readonly orders: Array<SellerOrder> = []
  /** quantities that landed */
  applied = 0
  private readonly landings: Array<Landing> = []
  private readonly accessTokens = new Set<string>()
  private names = 0

  /** A new access token. */
  grant(): string {
    const token = `Atza|${(this.names += 1)}-of-the-tests`
    this.accessTokens.add(token)
    return token
  }

  hasGranted(token: string | undefined): boolean {
    return token !== undefined && this.accessTokens.has(token)
  }

  /** All access tokens end. */
  endTokens(): void {
    this.accessTokens.clear()
  }

  /** @returns why it is not taken; none: it lands later */
  submit(sku: string, listing: SellerListing, { patches }: Change): ReadonlyArray<SubmissionIssue> {
    let next = listing
    for (const { op, path, value = [] } of patches) {
      if (path !== "/attributes/fulfillment_availability")
        return [invalid("90000900", `the attributes are invalid: ${path}`, ["INVALID_ATTRIBUTE"])]
      if (op !== "merge" && op !== "replace") return [invalid("4000003", `${op} is refused`, ["INVALID_ATTRIBUTE"])]
      if (listing.isFulfilledByAmazon === true)
        return [{ ...invalid("18448", "fulfilled by Amazon", ["INVALID_ATTRIBUTE"]), attributeNames: [] }]
      const [availability] = value
      if (typeof availability?.["fulfillment_channel_code"] !== "string")
        return [invalid("90220", "'fulfillment_channel_code' is required but not supplied.", ["MISSING_ATTRIBUTE"])]
      const quantity = availability["quantity"]
      if (typeof quantity !== "number" || !Number.isInteger(quantity) || quantity < 0 || quantity > quantityMax)
        return [invalid("90117", "'quantity' has an invalid value.", ["INVALID_ATTRIBUTE"])]
      // what a replacement does not name is gone
      next = op === "merge" ? { ...listing, quantity } : { quantity }
    }
    this.landings.push({ sku, listing: next })
    return []
  }

  /** changes that were taken and are not applied yet */
  get taken(): number {
    return this.landings.length
  }

  /** Everything that was taken so far is applied. */
  land(): void {
    for (const { sku, listing } of this.landings.splice(0)) {
      this.listings.set(sku, listing)
      this.applied += 1
    }
  }

  nextName(): string {
    return `f1dc2914-75dd-11ea-bc55-${String((this.names += 1)).padStart(12, "0")}`
  }
}
