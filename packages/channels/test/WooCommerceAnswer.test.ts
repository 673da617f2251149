/** What answers of WooCommerce mean, byte by byte, and how its listings are written in a file. */
import { Sku } from "@holdfast/domain/Identity"
import { describe, expect, it } from "vitest"
import type { PushOutcome } from "../src/ChannelConnector.ts"
import { readAnswer } from "../src/woocommerce/WooCommerceAnswer.ts"
import { wooCommerceFormat } from "../src/woocommerce/WooCommerceListing.ts"
import { listedOf, outcomesOf } from "../src/woocommerce/WooCommerceOutcome.ts"
import { setRequest, variationsRequest } from "../src/woocommerce/WooCommerceRequests.ts"

const summary = (outcome: PushOutcome) => ("because" in outcome ? `${outcome._tag}/${outcome.because}` : outcome._tag)
const answered = (status: number, body: unknown, retryAfter?: string) => {
  const answer = readAnswer({ status, retryAfter, body: typeof body === "string" ? body : JSON.stringify(body) }, 0)
  return answer._tag === "read" ? "read" : summary(answer.outcome)
}
const wordPress = (status: number, code: string) => ({ code, message: "no", data: { status } })
const target = (productId: number, quantity: number, variationId?: number) => ({
  item: { sku: Sku.make(`S${productId}`), quantity, version: 1, key: "k", expected: undefined },
  listing: variationId === undefined ? { productId } : { productId, variationId }
})
const targets = [target(1, 5), target(2, 6)]
const said = (...update: ReadonlyArray<unknown>) => outcomesOf({ update }, targets).map(summary)
const shown = (id: number, stock_quantity: unknown, manage_stock: unknown = true) => ({
  id,
  manage_stock,
  stock_quantity,
  description: "anything"
})

describe("an answer of WooCommerce", () => {
  it.each([
    [200, { update: [] }, "read"],
    [200, [], "read"],
    [200, "<br /><b>Warning</b>{}", "unknown"],
    [200, "", "unknown"],
    [201, {}, "unknown"],
    [204, "", "unknown"],
    [301, "", "blocked"],
    [400, wordPress(400, "rest_invalid_param"), "rejected/request"],
    [400, wordPress(400, "rest_invalid_json"), "rejected/request"],
    [401, wordPress(401, "woocommerce_rest_cannot_batch"), "blocked"],
    [401, wordPress(401, "woocommerce_rest_authentication_error"), "blocked"],
    [403, wordPress(403, "woocommerce_rest_cannot_batch"), "blocked"],
    [403, "<html>you look like a robot</html>", "blocked"],
    [404, wordPress(404, "rest_no_route"), "blocked"],
    [404, "<html>no such page</html>", "blocked"],
    [405, "", "rejected/request"],
    [408, "", "notApplied/transient"],
    [409, "", "rejected/request"],
    [413, wordPress(413, "woocommerce_rest_request_entity_too_large"), "rejected/request"],
    [422, "", "rejected/request"],
    [429, "<html>slow down</html>", "notApplied/throttled"],
    [500, wordPress(500, "internal_server_error"), "unknown"],
    [502, "<html>bad gateway</html>", "unknown"],
    [503, "<html>maintenance</html>", "unknown"],
    [504, "", "unknown"],
    [520, "<html>web server returned an unknown error</html>", "unknown"],
    [599, "{", "unknown"]
  ])("of %i and %o is %s", (status, body, expected) => {
    expect(answered(status, body)).toBe(expected)
  })

  it("of 503 that names a time to come back turned the request away", () => {
    expect(answered(503, "<html>maintenance</html>", "600")).toBe("notApplied/transient")
  })

  it("tells a missing route from a page that is not there", () => {
    const missing = (body: unknown) => {
      const answer = readAnswer({ status: 404, retryAfter: undefined, body: JSON.stringify(body) }, 0)
      return answer._tag === "refused" && answer.missing
    }
    expect([missing(wordPress(404, "rest_no_route")), missing("<html>")]).toEqual([true, false])
  })

  it("is shown to people short and on one line", () => {
    const answer = readAnswer(
      { status: 500, retryAfter: undefined, body: `{"code":"x","message":"a\\n${"b".repeat(999)}"}` },
      0
    )
    const detail = answer._tag === "refused" && "detail" in answer.outcome ? answer.outcome.detail : ""
    expect(detail).toMatch(/^HTTP 500 x: a b+$/)
    expect(detail.length).toBe(200)
  })

  it("is learned from where it speaks of a budget", () => {
    const headers = { "ratelimit-limit": "100", "ratelimit-remaining": "7", "ratelimit-reset": "30" }
    const answer = readAnswer({ status: 200, retryAfter: undefined, headers, body: "[]" }, 0)
    expect(answer._tag === "read" && answer.observed).toMatchObject([{ kind: "requests", remaining: 7 }])
  })
})

describe("an answer to a batch", () => {
  it("speaks of each item by its id, in whatever order", () => {
    expect(said(shown(2, 6), shown(1, 5))).toEqual(["applied", "applied"])
  })

  it.each([
    ["woocommerce_rest_product_invalid_id", 400, "rejected/mapping"],
    ["woocommerce_rest_product_variation_invalid_id", 400, "rejected/mapping"],
    ["woocommerce_rest_invalid_product_id", 404, "rejected/mapping"],
    ["woocommerce_rest_product_not_created", 400, "rejected/listingState"],
    ["product_invalid_sku", 400, "rejected/listingState"],
    ["rest_invalid_param", 400, "rejected/request"],
    ["a_plugin_failed", 500, "unknown"]
  ])("with %s (%i) is %s for that item alone", (code, status, expected) => {
    const error = { code, message: "no", data: { status, resource_id: 7 } }
    expect(said({ id: 1, error }, shown(2, 6))).toEqual([expected, "applied"])
  })

  it.each([null, "no", [], { status: "400" }])("is unknown where an error says %o of its status", (data) => {
    expect(said({ id: 1, error: { code: "odd", message: "no", data } }, shown(2, 6))[0]).toBe("unknown")
  })

  it.each([
    [shown(1, 5), "applied"],
    [shown(1, 4), "stale"],
    [shown(1, -1), "stale"],
    [shown(1, 5, "parent"), "rejected/listingState"],
    [shown(1, 5, false), "rejected/listingState"],
    [shown(1, null), "rejected/listingState"],
    [shown(1, "5"), "rejected/listingState"],
    [{ id: 1 }, "unknown"],
    [{ id: "1" }, "unknown"],
    [null, "unknown"]
  ])("that shows %o is %s", (row, expected) => {
    expect(said(row, shown(2, 6))).toEqual([expected, "applied"])
  })

  it.each([null, {}, [], { update: null }, { update: {} }, { code: "x", message: "y" }, { create: [shown(1, 5)] }])(
    "that is %o leaves it unknown",
    (body) => {
      expect(outcomesOf(body, targets).map(summary)).toEqual(["unknown", "unknown"])
    }
  )
})

it("a list is what is listed, without a quantity where no stock is kept", () => {
  expect(listedOf([shown(1, 7), { ...shown(2, 3, "parent"), parent_id: 9 }, { id: 3 }])).toEqual([
    { id: 1, quantity: 7 },
    { id: 2, quantity: undefined, parentId: 9 },
    { id: 3, quantity: undefined }
  ])
  expect([listedOf({}), listedOf([7]), listedOf(null)]).toEqual([undefined, undefined, undefined])
})

it("a request sets quantities absolutely, and asks for no more than it reads", () => {
  expect(setRequest([target(20, 0, 21)])).toEqual({
    path: "products/20/variations/batch",
    body: { update: [{ id: 21, manage_stock: true, stock_quantity: 0 }] }
  })
  expect(decodeURIComponent(variationsRequest(20, [21, 22]).path)).toBe(
    "products/20/variations?include=21,22&per_page=100&status=any&_fields=id,manage_stock,stock_quantity"
  )
})

describe("a line of a file of mappings", () => {
  const read = (product: string, variation: string) =>
    wooCommerceFormat.read((column) => (column === "product_id" ? product : variation))

  it.each([
    ["93", "0", { productId: 93 }, "93"],
    ["0093", "000", { productId: 93 }, "93"],
    ["93", "731", { productId: 93, variationId: 731 }, "731"]
  ])("with %s and %s names a listing", (product, variation, external, key) => {
    expect(read(product, variation)).toEqual({ _tag: "listing", external, key })
  })

  it.each([
    ["", "0", "product_id"],
    ["0", "0", "product_id"],
    ["-1", "0", "product_id"],
    ["9007199254740993", "0", "product_id"],
    ["MUG", "0", "product_id"],
    ["93", "-", "variation_id"],
    ["93", "1.5", "variation_id"]
  ])("with %s and %s is a problem of %3$s", (product, variation, column) => {
    expect(read(product, variation)).toMatchObject({ _tag: "problem", column })
  })
})
