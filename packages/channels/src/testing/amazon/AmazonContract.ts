/**
 * Amazon's Selling Partner API for tests, as far as its contract goes: access tokens, listings of 2021-08-01, orders of 2026-01-01,
 * for one seller, over HTTP on loopback.
 *
 * Guarantee: a request is checked by what Amazon publishes: paths, required and unknown parameters, the schema of a change, limits.
 * Answers have the fields that the models require. What Amazon does beyond its contract is not here.
 */
import { Effect, type Scope } from "effect"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { searchOrders } from "./AmazonOrders.ts"
import { AmazonQuota } from "./AmazonQuota.ts"
import { changeOf } from "./AmazonSchemas.ts"
import type { AmazonSeller, SellerListing } from "./AmazonSeller.ts"

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Seconds that an access token lasts. */
const tokenSeconds = 3_600

/** By their default usage plans. */
const makeQuotas = () => ({
  patchListingsItem: new AmazonQuota(5, 5),
  getListingsItem: new AmazonQuota(5, 5),
  searchListingsItems: new AmazonQuota(5, 5),
  searchOrders: new AmazonQuota(0.0056, 20)
})

export interface AmazonContract {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly quotas: ReturnType<typeof makeQuotas>
  /** access tokens that were asked for */
  readonly tokensAsked: () => number
  /** requests that went beyond a quota */
  readonly throttled: () => number
}

const refusal = (status: number, code: string, message: string): Answer => ({
  status,
  body: { errors: [{ code, message, details: "" }] }
})

const badRequest = (message: string): Answer => refusal(400, "InvalidInput", message)

const bodyOf = async (request: IncomingMessage): Promise<string> =>
  Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()

const tokenAnswer = (seller: AmazonSeller, request: IncomingMessage, body: string): Answer => {
  const form = new URLSearchParams(body)
  const error = (status: number, code: string): Answer => ({ status, body: { error: code, error_description: code } })
  if (!(request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded"))
    return error(400, "invalid_request")
  if (form.get("grant_type") !== "refresh_token") return error(400, "unsupported_grant_type")
  if (form.get("client_id") !== seller.clientId || form.get("client_secret") !== seller.clientSecret)
    return error(401, "invalid_client")
  if (form.get("refresh_token") !== seller.refreshToken) return error(400, "invalid_grant")
  const granted = { access_token: seller.grant(), refresh_token: seller.refreshToken }
  return { status: 200, body: { ...granted, token_type: "bearer", expires_in: tokenSeconds } }
}

const itemOf = (sku: string, { quantity, isFulfilledByAmazon }: SellerListing, query: URLSearchParams) => ({
  sku,
  ...(query.get("includedData")?.split(",").includes("fulfillmentAvailability")
    ? {
        fulfillmentAvailability:
          isFulfilledByAmazon === true
            ? [{ fulfillmentChannelCode: "AMAZON_NA" }]
            : [{ fulfillmentChannelCode: "DEFAULT", quantity }]
      }
    : {})
})

const notFound = (sku: string): Answer => refusal(404, "NOT_FOUND", `SKU '${sku}' not found in marketplace`)

const patchAnswer = (seller: AmazonSeller, sku: string, body: string): Answer => {
  const change = changeOf(JSON.parse(body))
  if (typeof change === "string") return badRequest(change)
  const listing = seller.listings.get(sku)
  if (listing === undefined) return notFound(sku)
  const issues = seller.submit(sku, listing, change)
  const status = issues.length === 0 ? "ACCEPTED" : "INVALID"
  return { status: 200, body: { sku, status, submissionId: seller.nextName(), issues } }
}

/** Longest page, and most identifiers. */
const pageMax = 20

const searchAnswer = (seller: AmazonSeller, query: URLSearchParams): Answer => {
  const identifiers = query.get("identifiers")?.split(",") ?? []
  const pageSize = Number(query.get("pageSize") ?? 10)
  if (identifiers.length > 0 && query.get("identifiersType") !== "SKU") return badRequest("identifiersType is required")
  if (identifiers.length > pageMax) return badRequest(`at most ${pageMax} identifiers`)
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > pageMax) return badRequest("pageSize must be 1 to 20")
  const found = identifiers.flatMap((sku) => {
    const listing = seller.listings.get(sku)
    return listing === undefined ? [] : [itemOf(sku, listing, query)]
  })
  return { status: 200, body: { numberOfResults: found.length, items: found.slice(0, pageSize) } }
}

type Operation = keyof ReturnType<typeof makeQuotas>

const listingsPath = /^\/listings\/2021-08-01\/items\/([^/]+)(?:\/([^/]+))?$/

/** Which operation a request asks for, and for which SKU; undefined: there is none such. */
const operationOf = (
  method: string,
  path: string
): { operation: Operation; seller?: string; sku?: string } | undefined => {
  if (method === "GET" && path === "/orders/2026-01-01/orders") return { operation: "searchOrders" }
  const [, seller, sku] = listingsPath.exec(path) ?? []
  if (seller === undefined) return undefined
  if (sku === undefined) return method === "GET" ? { operation: "searchListingsItems", seller } : undefined
  const named = { seller, sku: decodeURIComponent(sku) }
  if (method === "PATCH") return { operation: "patchListingsItem", ...named }
  return method === "GET" ? { operation: "getListingsItem", ...named } : undefined
}

/** As sent: percent-encoded, where a plus is a plus. */
const queryOf = (url: URL): URLSearchParams => new URLSearchParams(url.search.replaceAll("+", "%2B"))

type Asked = NonNullable<ReturnType<typeof operationOf>>

const denied = refusal(403, "Unauthorized", "Access to requested resource is denied.")

const ordersAnswer = (seller: AmazonSeller, query: URLSearchParams): Answer => {
  const found = searchOrders(seller.orders, query, Date.now())
  return typeof found === "string" ? badRequest(found) : { status: 200, body: found }
}

const admitted = (seller: AmazonSeller, asked: Asked, query: URLSearchParams, body: string): Answer => {
  if (asked.operation === "searchOrders") return ordersAnswer(seller, query)
  if (asked.seller !== seller.sellerId) return denied
  if (query.get("marketplaceIds") !== seller.marketplaceId) return badRequest("marketplaceIds is required")
  if (asked.operation === "searchListingsItems") return searchAnswer(seller, query)
  const sku = asked.sku!
  if (asked.operation === "patchListingsItem") return patchAnswer(seller, sku, body)
  const listing = seller.listings.get(sku)
  return listing === undefined ? notFound(sku) : { status: 200, body: itemOf(sku, listing, query) }
}

const answerTo = async (
  seller: AmazonSeller,
  quotas: ReturnType<typeof makeQuotas>,
  request: IncomingMessage
): Promise<Answer> => {
  const body = await bodyOf(request)
  const url = new URL(request.url!, "http://amazon")
  const asked = operationOf(request.method!, url.pathname)
  if (asked === undefined) return refusal(404, "NotFound", "no such operation")
  if (!seller.hasGranted(request.headers["x-amz-access-token"] as string | undefined)) return denied
  const quota = quotas[asked.operation]
  if (!quota.take()) return refusal(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
  const answer = admitted(seller, asked, queryOf(url), body)
  return { ...answer, headers: { "x-amzn-RateLimit-Limit": String(quota.perSecond) } }
}

/** Closed with the scope. */
export const makeAmazonContract = (seller: AmazonSeller): Effect.Effect<AmazonContract, never, Scope.Scope> =>
  Effect.gen(function* () {
    const quotas = makeQuotas()
    let tokensAsked = 0
    let throttled = 0
    const server = createServer((request, response) => {
      const isToken = request.method === "POST" && request.url === "/auth/o2/token"
      if (isToken) tokensAsked += 1
      const answer = isToken
        ? bodyOf(request).then((body) => tokenAnswer(seller, request, body))
        : answerTo(seller, quotas, request)
      answer.then(
        ({ status, body, headers }) => {
          if (status === 429) throttled += 1
          response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify(body))
        },
        (cause: unknown) => response.writeHead(400).end(JSON.stringify(badRequest(String(cause)).body))
      )
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.promise(() => {
          server.closeAllConnections()
          return new Promise<void>((resolve) => server.close(() => resolve()))
        })
    )
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return { url, quotas, tokensAsked: () => tokensAsked, throttled: () => throttled }
  })
