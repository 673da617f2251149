/**
 * Events about bundles become events about their components.
 *
 * 1. What orders ask for, and what undoes or fulfils it, is about components; stock that moves is about the SKU as it is named.
 * 2. An order is placed with what its bundles are made of then. What follows goes to all that they were ever made of: each
 *    component's line of the order knows what it was placed with, and what it was not placed with passes by it.
 * 3. A change of an order is made with what a bundle is made of then.
 * 4. A return brings back what the bundle is made of.
 *
 * Guarantee: an event that names no bundle is returned as it is. Pure.
 */
import { Result } from "effect"
import type { BundleBook, Component } from "./Bundle.ts"
import type { FieldError } from "./EventManifest.ts"
import type { Sku } from "./Identity.ts"
import { lineQuantityMax, linesMax } from "./Limit.ts"
import type { LineOrigin, StockEvent, StockEventType } from "./StockEvent.ts"

/** Why an event cannot be about components. */
export interface ExplosionProblem {
  readonly reason: "invalid" | "too_large"
  readonly error: FieldError
}

type Line = { readonly sku: Sku; readonly quantity?: number } & LineOrigin

type Parts = (book: BundleBook, bundle: Sku) => ReadonlyArray<Component>

/** What an event about a bundle is about; undefined: the SKU as it is named. */
const placed: Parts = (book, sku) => (book.isBundle(sku) ? book.componentsOf(sku) : [])

const changed: Parts = (book, sku) => {
  const now = new Map(book.componentsOf(sku).map((part) => [part.sku, part.each]))
  return book.everOf(sku).map((part) => ({ sku: part.sku, each: now.get(part.sku) ?? 0 }))
}

const followed: Parts = (book, sku) => book.everOf(sku)

const returned: Parts = (book, sku) => book.componentsOf(sku)

const partsOf: { readonly [T in StockEventType]?: Parts } = {
  "order.placed": placed,
  "order.changed": changed,
  "order.cancelled": followed,
  "shipment.created": followed,
  "shipment.cancelled": followed,
  "shipment.confirmed": followed,
  "return.received": returned,
  "return.restocked": returned
}

const tooMany = (units: number, index: number, { sku, bundle }: Line): ExplosionProblem => ({
  reason: "invalid",
  error: {
    field: `data.lines[${index}].quantity`,
    message: `must come to at most ${lineQuantityMax} units of each component, got ${units} of ${sku} in bundle ${bundle}`
  }
})

/** Whether such an event is about a bundle's components, once it is known to be one. */
export const isAboutComponents = (type: StockEventType): boolean => partsOf[type] !== undefined

/** The event as it concerns components, or why it cannot be. */
export const exploded = (event: StockEvent, book: BundleBook): Result.Result<StockEvent, ExplosionProblem> => {
  const parts = book.size === 0 ? undefined : partsOf[event.type]
  if (parts === undefined) return Result.succeed(event)
  const lines = event.data.lines as ReadonlyArray<Line>
  if (!lines.some(({ sku }) => book.wasBundle(sku))) return Result.succeed(event)
  const all: Array<Line> = []
  for (const [i, line] of lines.entries()) {
    // a fact that was parked names what it came from already
    const components = line.bundle === undefined ? parts(book, line.sku) : []
    if (components.length === 0) all.push(line)
    for (const { sku, each } of components) {
      const units = line.quantity === undefined ? {} : { quantity: line.quantity * each }
      const own = { ...line, sku, ...units, bundle: line.sku, each }
      if ((units.quantity ?? 0) > lineQuantityMax) return Result.fail(tooMany(units.quantity!, i, own))
      all.push(own)
    }
  }
  if (all.length > linesMax) {
    const message = `must come to at most ${linesMax} lines once bundles are their components, got ${all.length}`
    return Result.fail({ reason: "too_large", error: { field: "data.lines", message } })
  }
  return Result.succeed({ ...event, data: { ...event.data, lines: all } } as unknown as StockEvent)
}
