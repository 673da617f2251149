/** Bundles as text for a terminal. Pure. */
import { announcedLevel, type BundlePart } from "@holdfast/domain/Availability"
import type { BundleBook } from "@holdfast/domain/Bundle"
import { buildable } from "@holdfast/domain/BundleAvailability"
import type { BundlePlan } from "@holdfast/domain/BundlePlan"
import type { Sku } from "@holdfast/domain/Identity"
import { available } from "@holdfast/domain/StockState"
import type { BundleReport, ComponentReport } from "@holdfast/ledger/BundleReport"
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, oneLine, timeText, wholeText } from "../terminal/TerminalText.ts"
import { indented, tableLines, type TextColumn } from "../terminal/TextTable.ts"

type Components = ReadonlyArray<{ readonly sku: Sku; readonly quantity: number }>

/** Such as `1 LAMP, 2 BULB`. */
export const componentsText = (components: Components): string =>
  components.length === 0
    ? "nothing"
    : components.map(({ sku, quantity }) => `${wholeText(quantity)} ${oneLine(sku)}`).join(", ")

/** What a plan changes. @param applied how many events were published; undefined: it was a dry run */
export const bundlePlanText = ({ changes, unchanged }: BundlePlan, applied: number | undefined): string => {
  const lines = changes.map(
    ({ bundle, components, before }) =>
      `${oneLine(bundle)}: ${before.length === 0 ? "" : `${componentsText(before)} -> `}${componentsText(components)}`
  )
  const summary = `changed ${changes.length}, unchanged ${unchanged}`
  if (changes.length === 0) return `${summary}; nothing to do`
  return [
    ...lines,
    `${summary}; ${applied === undefined ? "nothing was applied (dry run)" : "they count within a second"}`
  ].join("\n")
}

const listColumns: ReadonlyArray<TextColumn<{ readonly sku: Sku; readonly parts: string; readonly since: number }>> = [
  { title: "BUNDLE", text: ({ sku }) => oneLine(sku), left: true },
  { title: "SINCE", text: ({ since }) => timeText(since), left: true },
  { title: "MADE OF", text: ({ parts }) => parts, left: true }
]

export const bundlesText = (book: BundleBook, bundles: ReadonlyArray<Sku>, style: TerminalStyle): string => {
  if (bundles.length === 0) return "there is no bundle; make some with: holdfast bundles apply bundles.csv"
  const rows = bundles.map((sku) => {
    const { components, at } = book.definitionOf(sku)!
    return { sku, parts: componentsText(components), since: at }
  })
  return tableLines(listColumns, rows, style).join("\n")
}

const availableOf = ({ levels }: ComponentReport): number => levels.reduce((sum, level) => sum + available(level), 0)

/** The components as channels reckon with them. */
export const partsOf = ({ components }: BundleReport): ReadonlyArray<BundlePart> =>
  components.map(({ sku, each, levels, terms }) => {
    const part = { sku, each, levels: levels.map(announcedLevel) }
    return terms === undefined ? part : { ...part, terms }
  })

const componentColumns = (report: BundleReport): ReadonlyArray<TextColumn<ComponentReport>> => {
  const makes = (row: ComponentReport) => Math.floor(availableOf(row) / row.each)
  const least = Math.min(...report.components.map(makes))
  return [
    { title: "component", text: ({ sku }) => oneLine(sku), left: true },
    { title: "in one", text: ({ each }) => wholeText(each) },
    { title: "available", text: (row) => wholeText(availableOf(row)) },
    {
      title: "makes",
      text: (row) => wholeText(makes(row)),
      mark: (row) => (makes(row) === least ? "yellow" : undefined)
    },
    { title: "", text: ({ levels }) => (levels.length === 0 ? "not known" : ""), left: true }
  ]
}

/** What a bundle is made of, and how many there are. */
export const bundleLines = (report: BundleReport, style: TerminalStyle): ReadonlyArray<string> => {
  const built = buildable(partsOf(report))
  const all = built.reduce((sum, { onHand }) => sum + onHand, 0)
  const places = built.map(({ locationId, onHand }) => `${wholeText(onHand)} at ${oneLine(locationId)}`)
  return [
    ...tableLines(componentColumns(report), report.components, style),
    "",
    built.length > 1
      ? `${countText(all, "bundle")} can be made, each from one location: ${places.join(", ")}`
      : `${countText(all, "bundle")} can be made`
  ]
}

/** The whole report, for `holdfast sku`. */
export const bundleText = (report: BundleReport, style: TerminalStyle): string =>
  [
    `${painted(oneLine(report.bundle), "bold", style)}  a bundle, made of these since ${timeText(report.since)}`,
    "",
    ...indented(bundleLines(report, style))
  ].join("\n")

/** Bundles that a SKU is a part of. */
export const partOfText = (book: BundleBook, sku: Sku): ReadonlyArray<string> => {
  const parts = book.bundlesOf(sku).flatMap((bundle) => {
    const each = book.componentsOf(bundle).find((part) => part.sku === sku)?.each
    return each === undefined ? [] : [`${wholeText(each)} in each ${oneLine(bundle)}`]
  })
  return parts.length === 0 ? [] : ["", `part of bundles: ${parts.join(", ")}`]
}
