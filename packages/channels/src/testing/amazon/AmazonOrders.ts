/**
 * How Amazon's Orders API of 2026-01-01 finds a seller's orders: those created or updated in a time, page by page.
 *
 * Guarantee: what its model asks of a request is asked here: exactly one of `createdAfter` and `lastUpdatedAfter`, nothing that does
 * not go with it, pages of 1 to 100. Orders of the last two minutes are not there yet. A page goes on behind the last order of the one
 * before, by time, so that an order which is updated meanwhile moves no other one.
 */

export interface SellerOrder {
  readonly orderId: string
  readonly createdTime: string
  readonly lastUpdatedTime: string
  readonly fulfillment: { readonly fulfillmentStatus: string; readonly fulfilledBy: "MERCHANT" | "AMAZON" }
  readonly orderItems: ReadonlyArray<{
    readonly orderItemId: string
    readonly quantityOrdered: number
    readonly product: { readonly asin?: string; readonly sellerSku?: string }
    readonly cancellation?: { readonly cancellationExecution?: { readonly cancelReason?: string } }
    readonly fulfillment?: { readonly quantityFulfilled?: number; readonly quantityUnfulfilled?: number }
  }>
}

export interface OrdersAnswer {
  readonly orders: ReadonlyArray<Omit<SellerOrder, "fulfillment"> & Partial<SellerOrder>>
  readonly pagination?: { readonly nextToken: string }
  readonly lastUpdatedBefore?: string
  readonly createdBefore?: string
}

const settleMillis = 2 * 60 * 1000

const statuses = new Set([
  "PENDING_AVAILABILITY",
  "PENDING",
  "UNSHIPPED",
  "PARTIALLY_SHIPPED",
  "SHIPPED",
  "CANCELLED",
  "UNFULFILLABLE"
])

const known = new Set([
  "createdAfter",
  "lastUpdatedAfter",
  "fulfillmentStatuses",
  "marketplaceIds",
  "fulfilledBy",
  "maxResultsPerPage",
  "paginationToken",
  "includedData"
])

const listOf = (query: URLSearchParams, name: string): ReadonlySet<string> | undefined => {
  const value = query.get(name)
  return value === null ? undefined : new Set(value.split(","))
}

/** What is wrong with the request; undefined: nothing. */
const faultOf = (query: URLSearchParams): string | undefined => {
  for (const name of query.keys()) if (!known.has(name)) return `${name} is not known`
  if (query.has("createdAfter") === query.has("lastUpdatedAfter"))
    return "exactly one of createdAfter and lastUpdatedAfter is required"
  const after = query.get("createdAfter") ?? query.get("lastUpdatedAfter")!
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(after)) return `${after} is not ISO 8601`
  for (const status of listOf(query, "fulfillmentStatuses") ?? [])
    if (!statuses.has(status)) return `${status} is no fulfillment status`
  const max = Number(query.get("maxResultsPerPage") ?? 100)
  return Number.isInteger(max) && max >= 1 && max <= 100 ? undefined : "maxResultsPerPage must be 1 to 100"
}

/** Where a page goes on: behind this place, until the end of the first page's time. */
interface Token {
  readonly behind: string
  readonly before: string
}
const tokenOf = (token: Token): string => Buffer.from(JSON.stringify(token)).toString("base64url")
const readToken = (token: string): Token | undefined => {
  try {
    return JSON.parse(Buffer.from(token, "base64url").toString()) as Token
  } catch {
    return undefined
  }
}

/** @param now milliseconds since the epoch. @returns a page, or what is wrong with the request */
export const searchOrders = (
  all: ReadonlyArray<SellerOrder>,
  query: URLSearchParams,
  now: number
): OrdersAnswer | string => {
  const fault = faultOf(query)
  if (fault !== undefined) return fault
  const token = query.get("paginationToken")
  const place = token === null ? { behind: "", before: new Date(now - settleMillis).toISOString() } : readToken(token)
  if (place === undefined) return "paginationToken is not valid"
  const { behind, before } = place
  const field = query.has("createdAfter") ? "createdTime" : "lastUpdatedTime"
  const after = query.get("createdAfter") ?? query.get("lastUpdatedAfter")!
  const [wanted, by] = [listOf(query, "fulfillmentStatuses"), listOf(query, "fulfilledBy")]
  const placeOf = (order: SellerOrder) => `${new Date(order[field]).toISOString()} ${order.orderId}`
  const found = all
    .filter((order) => Date.parse(order[field]) >= Date.parse(after) && Date.parse(order[field]) <= Date.parse(before))
    .filter(({ fulfillment: { fulfillmentStatus } }) => wanted?.has(fulfillmentStatus) ?? true)
    .filter(({ fulfillment: { fulfilledBy } }) => by?.has(fulfilledBy) ?? true)
    .filter((order) => placeOf(order) > behind)
    .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
  const max = Number(query.get("maxResultsPerPage") ?? 100)
  const has = listOf(query, "includedData") ?? new Set()
  const end = field === "createdTime" ? { createdBefore: before } : { lastUpdatedBefore: before }
  return {
    orders: found.slice(0, max).map((order) => shownOf(order, has)),
    ...(max < found.length ? { pagination: { nextToken: tokenOf({ behind: placeOf(found[max - 1]!), before }) } } : {}),
    ...end
  }
}

/** Only the parts that were asked for. */
const shownOf = ({ fulfillment, orderItems, ...order }: SellerOrder, has: ReadonlySet<string>) => ({
  ...order,
  ...(has.has("FULFILLMENT") ? { fulfillment } : {}),
  orderItems: orderItems.map(({ cancellation, fulfillment: shipped, ...item }) => ({
    ...item,
    ...(has.has("CANCELLATION") && cancellation !== undefined ? { cancellation } : {}),
    ...(has.has("FULFILLMENT") && shipped !== undefined ? { fulfillment: shipped } : {})
  }))
})
