/**
 * What a list of bundles changes of what is known, and what is wrong with it.
 *
 * Guarantee: making a plan's changes and planning the same bundles again leaves nothing to change. Pure.
 */
import type { BundleBook } from "./Bundle.ts"
import type { LineProblem } from "./Catalogue.ts"
import type { Sku } from "./Identity.ts"
import { timeMax } from "./Rfc3339.ts"
import type { BundleDefined } from "./StockEvent.ts"

type Components = BundleDefined["lines"][number]["components"]

/** A bundle as somebody wrote it. */
export interface WantedBundle {
  readonly bundle: Sku
  /** each with the line on which it is written, from 1 */
  readonly components: ReadonlyArray<Components[number] & { readonly line: number }>
}

export interface BundleChange {
  readonly bundle: Sku
  readonly components: Components
  /** none when it is no bundle yet */
  readonly before: Components
  /** milliseconds since the epoch as of which it is to be said so that it counts */
  readonly at: number
}

export interface BundlePlan {
  readonly changes: ReadonlyArray<BundleChange>
  /** bundles that are so already */
  readonly unchanged: number
  readonly problems: ReadonlyArray<LineProblem>
}

const byName = (a: Components[number], b: Components[number]): number => (a.sku < b.sku ? -1 : 1)

const isSame = (a: Components, b: Components): boolean =>
  a.length === b.length &&
  a.toSorted(byName).every(({ sku, quantity }, i) => {
    const other = b.toSorted(byName)[i]!
    return sku === other.sku && quantity === other.quantity
  })

/** @param now milliseconds since the epoch */
export const bundlePlanOf = (wanted: ReadonlyArray<WantedBundle>, book: BundleBook, now: number): BundlePlan => {
  const different = wanted.filter(
    ({ bundle, components }) => !isSame(components, book.definitionOf(bundle)?.components ?? [])
  )
  const lines = different.map(({ bundle, components }) => ({
    sku: bundle,
    components: components.map(({ sku, quantity }) => ({ sku, quantity }))
  }))
  const problems = book.problemsOf({ lines }, timeMax).map(({ field, message }): LineProblem => {
    const [, i, j] = /^data\.lines\[(\d+)\](?:\.components\[(\d+)\])?/.exec(field) ?? []
    const { bundle, components } = different[Number(i)]!
    const written = components[Number(j ?? 0)]
    return {
      line: written?.line ?? 1,
      field: field.endsWith("quantity") ? "quantity" : "component",
      message,
      value: written?.sku ?? bundle
    }
  })
  const changes = lines.map(({ sku: bundle, components }) => {
    const known = book.definitionOf(bundle)
    return {
      bundle,
      components,
      before: known?.components ?? [],
      at: Math.min(timeMax, Math.max(now, (known?.at ?? 0) + 1))
    }
  })
  return { changes, unchanged: wanted.length - different.length, problems }
}
