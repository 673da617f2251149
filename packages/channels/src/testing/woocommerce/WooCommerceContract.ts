/**
 * A WooCommerce shop for tests, as far as its contract goes: the REST API v3 over HTTP on loopback, for setting and reading the stock of
 * products and variations.
 *
 * Guarantee: every request is checked by what the API documents; its errors are those of WordPress. Stricter than a shop, which does not check
 * the items of a batch, and takes basic authentication over https only. What plugins and hosts do is not here.
 */
import { Effect, type Scope } from "effect"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { isBatch, isList, itemsMax } from "./WooCommerceSchema.ts"
import { type StockUpdate, type WooCommerceShop, wpError, type WpError } from "./WooCommerceShop.ts"

interface Answer {
  readonly status: number
  readonly body: unknown
}

const failed = (error: WpError): Answer => ({ status: error.data.status, body: error })

const noRoute = failed(wpError(404, "rest_no_route", "No route was found matching the URL and request method."))
const invalid = (params: unknown): Answer =>
  failed(wpError(400, "rest_invalid_param", `Invalid parameter(s): ${JSON.stringify(params)}`))

/** Who is anonymous may do nothing; who has the key and not its secret is told so. */
const refusalOf = (shop: WooCommerceShop, authorization: string, verb: "batch" | "view"): Answer | undefined => {
  const [scheme, encoded = ""] = authorization.split(" ")
  const [key, secret] = scheme === "Basic" ? Buffer.from(encoded, "base64").toString().split(":") : []
  if (key !== shop.key)
    return failed(wpError(401, `woocommerce_rest_cannot_${verb}`, "Sorry, you are not allowed to do this."))
  if (secret !== shop.secret)
    return failed(wpError(401, "woocommerce_rest_authentication_error", "Consumer secret is invalid."))
  return undefined
}

const batchAnswer = (shop: WooCommerceShop, parentId: number | undefined, body: string): Answer => {
  let batch: unknown
  try {
    batch = JSON.parse(body)
  } catch {
    return failed(wpError(400, "rest_invalid_json", "Invalid JSON body passed."))
  }
  if (!isBatch(batch)) return invalid(isBatch.errors)
  const { update = [] } = batch as { readonly update?: ReadonlyArray<StockUpdate> }
  if (update.length > itemsMax)
    return failed(
      wpError(413, "woocommerce_rest_request_entity_too_large", `Unable to accept more than ${itemsMax} items.`)
    )
  return { status: 200, body: { update: update.map((each) => shop.update(each, parentId)) } }
}

const listAnswer = (shop: WooCommerceShop, parentId: number | null | undefined, query: URLSearchParams): Answer => {
  const parameters = Object.fromEntries(query)
  if (!isList(parameters)) return invalid(isList.errors)
  const kept = new Set((query.get("_fields") ?? "").split(","))
  const perPage = Number(query.get("per_page") ?? 10)
  const ids = (query.get("include") ?? "").split(",").map(Number)
  const rows = shop.list(ids, parentId).slice(0, perPage)
  return {
    status: 200,
    body: rows.map((row) => Object.fromEntries(Object.entries(row).filter(([field]) => kept.has(field))))
  }
}

const route = /^\/wp-json\/wc\/v3\/(?:(products|variations)|products\/(\d+)\/variations)(\/batch)?$/

const answerTo = (shop: WooCommerceShop, request: IncomingMessage, body: string): Answer => {
  const { pathname, searchParams } = new URL(request.url!, "http://shop")
  if (!pathname.startsWith(`${shop.directory}/`)) return noRoute
  const [matched, collection, product, isBatchRoute] = route.exec(pathname.slice(shop.directory.length)) ?? []
  if (matched === undefined) return noRoute
  const isWrite = isBatchRoute !== undefined
  if (request.method !== (isWrite ? "POST" : "GET")) return noRoute
  if (collection === "variations" && (isWrite || !shop.listsAllVariations)) return noRoute
  const refusal = refusalOf(shop, request.headers.authorization ?? "", isWrite ? "batch" : "view")
  if (refusal !== undefined) return refusal
  if (isWrite) return batchAnswer(shop, product === undefined ? undefined : Number(product), body)
  const parentId = collection === "variations" ? null : product === undefined ? undefined : Number(product)
  return listAnswer(shop, parentId, searchParams)
}

const bodyOf = async (request: IncomingMessage): Promise<string> =>
  Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()

/** Closed with the scope. @returns its address: `http://127.0.0.1:<port>` */
export const makeWooCommerceContract = (shop: WooCommerceShop): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function* () {
    const server = createServer((request, response) => {
      bodyOf(request).then(
        (body) => {
          const { status, body: answer } = answerTo(shop, request, body)
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer))
        },
        () => request.socket.destroy()
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
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
