/**
 * A Shopify shop for tests, as far as its contract goes: the Admin API of one version over HTTP on loopback, for setting and reading the
 * available quantity at one location.
 *
 * Guarantee: every request is checked by Shopify's published schema, and by the rules that it cannot express. What real shops do
 * beyond their contract is not here.
 */
import { Effect, type Scope } from "effect"
import { execute, GraphQLError, parse, validate } from "graphql"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { CostBucket } from "./CostBucket.ts"
import { contractSchema, rootOf } from "./ShopifyRoot.ts"
import type { ShopifyShop } from "./ShopifyShop.ts"

interface Answer {
  readonly status: number
  readonly body: unknown
}

const bodyOf = async (request: IncomingMessage): Promise<string> =>
  Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()

const refusal = (message: string, code: string): GraphQLError => new GraphQLError(message, { extensions: { code } })

/** What one query may cost. */
const costMax = 1_000

const costOf = (variables: Record<string, unknown>): number =>
  Array.isArray(variables["ids"]) ? 1 + 4 * variables["ids"].length : 10

export interface ShopifyContract {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly bucket: CostBucket
}

const graphqlAnswer = async (shop: ShopifyShop, bucket: CostBucket, body: string): Promise<unknown> => {
  const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> }
  const document = parse(query)
  const problems = validate(contractSchema, document)
  if (problems.length > 0) return { errors: problems }
  const requestedQueryCost = costOf(variables)
  if (requestedQueryCost > costMax) return { errors: [refusal("the query costs too much", "MAX_COST_EXCEEDED")] }
  const isAdmitted = bucket.take(requestedQueryCost)
  const extensions = { cost: { requestedQueryCost, throttleStatus: bucket.status } }
  if (!isAdmitted) return { errors: [refusal("Throttled", "THROTTLED")], extensions }
  const result = await execute({ schema: contractSchema, document, rootValue: rootOf(shop), variableValues: variables })
  return { ...result, extensions }
}

const answerTo = async (shop: ShopifyShop, bucket: CostBucket, request: IncomingMessage): Promise<Answer> => {
  const body = await bodyOf(request)
  if (request.method !== "POST" || request.url !== "/admin/api/2026-10/graphql.json")
    return { status: 404, body: { errors: "Not Found" } }
  if (request.headers["x-shopify-access-token"] !== shop.token)
    return {
      status: 401,
      body: { errors: "[API] Invalid API key or access token (unrecognized login or wrong password)" }
    }
  return { status: 200, body: await graphqlAnswer(shop, bucket, body) }
}

/** Closed with the scope. */
export const makeShopifyContract = (shop: ShopifyShop): Effect.Effect<ShopifyContract, never, Scope.Scope> =>
  Effect.gen(function* () {
    const bucket = new CostBucket()
    const server = createServer((request, response) => {
      answerTo(shop, bucket, request).then(
        ({ status, body }) =>
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
        (cause: unknown) => response.writeHead(400).end(JSON.stringify({ errors: String(cause) }))
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
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bucket }
  })
