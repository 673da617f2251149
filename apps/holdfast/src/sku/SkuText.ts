/**
 * All that is known of one SKU as text: levels, holds, documents, and what is set aside. Its history: `HistoryText`.
 *
 * Guarantee: no line is wider than asked as long as names allow it; what is zero everywhere has no column. Pure.
 */
import { incomingAt, type Allocation, type DocumentLine } from "@holdfast/domain/DocumentLine"
import { isSet, used, type SkuTerms } from "@holdfast/domain/SkuTerms"
import { available, oversold, type LevelUnits } from "@holdfast/domain/StockState"
import type { OpenLine } from "@holdfast/ledger/OpenLines"
import type { OpenHold, ParkedFacts, SkuReport } from "@holdfast/ledger/SkuReport"
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, oneLine, spanText, timeText, wholeText } from "../terminal/TerminalText.ts"
import { indented, tableLines, type TextColumn } from "../terminal/TextTable.ts"
import { historyLines } from "./HistoryText.ts"

/** Rows of one kind that are shown; JSON has all of them. */
const rowsMax = 20

type Quantity = (level: LevelUnits) => number

/** In the order in which they are subtracted. */
const quantities: ReadonlyArray<readonly [title: string, of: Quantity, always: boolean]> = [
  ["on hand", ({ onHand }) => onHand, true],
  ["receiving", ({ receiving }) => receiving, false],
  ["inspection", ({ inspection }) => inspection, false],
  ["damaged", ({ damaged }) => damaged, false],
  ["quality", ({ quality }) => quality, false],
  ["committed", ({ committed }) => committed, true],
  ["held", ({ held }) => held, true],
  ["safety", ({ safetyStock }) => safetyStock, false],
  ["available", available, true],
  ["oversold", oversold, false],
  ["incoming", ({ incoming }) => incoming, false],
  ["in transit", ({ inTransit }) => inTransit, false]
]

interface LevelRow {
  readonly name: string
  readonly levels: ReadonlyArray<LevelUnits>
}

const sumOf = (levels: ReadonlyArray<LevelUnits>, of: Quantity): number =>
  levels.reduce((sum, level) => sum + of(level), 0)

const shownQuantities = (levels: ReadonlyArray<LevelUnits>) =>
  quantities.filter(([, of, always]) => always || levels.some((level) => of(level) !== 0))

const levelColumns = (levels: ReadonlyArray<LevelUnits>): ReadonlyArray<TextColumn<LevelRow>> => [
  { title: "location", text: ({ name }) => name, left: true },
  ...shownQuantities(levels).map(([title, of]): TextColumn<LevelRow> => {
    const isBad = (units: number) => (title === "oversold" ? units > 0 : units < 0)
    return {
      title,
      text: (row) => wholeText(sumOf(row.levels, of)),
      mark: (row) => (isBad(sumOf(row.levels, of)) ? "red" : undefined)
    }
  })
]

/** How what is available comes about, when that is not plain from the usual three columns. */
const equation = (levels: ReadonlyArray<LevelUnits>): ReadonlyArray<string> => {
  const titles = shownQuantities(levels).map(([title]) => title)
  const terms = titles.slice(0, titles.indexOf("available"))
  return terms.length === 3 ? [] : [`available = ${terms.join(" - ")}`]
}

/** The table of levels. */
export const levelLines = (levels: ReadonlyArray<LevelUnits>, style: TerminalStyle): ReadonlyArray<string> => {
  const rows = levels.map((level): LevelRow => ({ name: oneLine(level.locationId), levels: [level] }))
  const all = rows.length > 1 ? [...rows, { name: "all", levels }] : rows
  return [
    ...tableLines(levelColumns(levels), all, style),
    ...equation(levels).map((line) => painted(line, "dim", style))
  ]
}

/** A title, a table of at most `rowsMax` rows, and how many are left out; nothing when there are none. */
const section = <Row>(
  title: string,
  columns: ReadonlyArray<TextColumn<Row>>,
  rows: ReadonlyArray<Row>,
  style: TerminalStyle
): ReadonlyArray<string> => {
  if (rows.length === 0) return []
  const narrower = { ...style, columns: style.columns - 2 }
  const left = rows.length - rowsMax
  return [
    "",
    painted(title, "bold", style),
    ...indented(tableLines(columns, rows.slice(0, rowsMax), narrower)),
    ...(left > 0 ? [`  and ${wholeText(left)} more; --json has all`] : [])
  ]
}

const unitsText = (units: number): string => countText(units, "unit")

const sumUnits = <Row>(rows: ReadonlyArray<Row>, of: (row: Row) => number): number =>
  rows.reduce((sum, row) => sum + of(row), 0)

const expiryText = (millis: number | null): string => {
  if (millis === null) return "never"
  return millis > 0 ? spanText(millis) : "now"
}

const holdColumns: ReadonlyArray<TextColumn<OpenHold>> = [
  { title: "hold", text: ({ reservationId }) => oneLine(reservationId), left: true },
  { title: "units", text: ({ quantity }) => wholeText(quantity) },
  { title: "location", text: ({ locationId }) => oneLine(locationId), left: true },
  { title: "order", text: ({ orderId }) => oneLine(orderId ?? "-"), left: true },
  { title: "expires in", text: ({ expiresInMillis }) => expiryText(expiresInMillis) }
]

const holdLines = (holds: ReadonlyArray<OpenHold>, style: TerminalStyle): ReadonlyArray<string> => {
  const units = sumUnits(holds, ({ quantity }) => quantity)
  return section(`${countText(holds.length, "open hold")}, ${unitsText(units)}`, holdColumns, holds, style)
}

type Opened<K extends DocumentLine["kind"]> = OpenLine & { readonly line: Extract<DocumentLine, { readonly kind: K }> }

const opened = <K extends DocumentLine["kind"]>(documents: ReadonlyArray<OpenLine>, kind: K) =>
  documents.filter((document): document is Opened<K> => document.line.kind === kind)

const placesText = (allocations: ReadonlyArray<Allocation>): string =>
  allocations.length === 1
    ? oneLine(allocations[0]!.locationId)
    : allocations.map(({ locationId, units }) => `${wholeText(units)} ${oneLine(locationId)}`).join(", ")

const orderColumns: ReadonlyArray<TextColumn<Opened<"order">>> = [
  { title: "placed", text: ({ beganAt }) => timeText(beganAt), left: true },
  { title: "order", text: ({ line }) => oneLine(line.orderId), left: true },
  { title: "channel", text: ({ line }) => oneLine(line.channel ?? "-"), left: true },
  { title: "open", text: ({ open }) => wholeText(open) },
  { title: "at", text: ({ line }) => placesText(line.allocations), left: true }
]

const transferColumns: ReadonlyArray<TextColumn<Opened<"transfer">>> = [
  { title: "transfer", text: ({ line }) => oneLine(line.transferId), left: true },
  { title: "to", text: ({ line }) => oneLine(line.to), left: true },
  { title: "in transit", text: ({ open }) => wholeText(open) },
  { title: "dispatched", text: ({ line }) => wholeText(line.dispatched) },
  { title: "received", text: ({ line }) => wholeText(line.received) }
]

const incomingOf = ({ line }: Opened<"purchase">) =>
  line.locations
    .filter((at) => incomingAt(at) > 0)
    .map((at) => ({ ...at, purchaseId: line.purchaseId, incoming: incomingAt(at) }))

const purchaseColumns: ReadonlyArray<TextColumn<ReturnType<typeof incomingOf>[number]>> = [
  { title: "purchase", text: ({ purchaseId }) => oneLine(purchaseId), left: true },
  { title: "to", text: ({ locationId }) => oneLine(locationId), left: true },
  { title: "incoming", text: ({ incoming }) => wholeText(incoming) },
  { title: "ordered", text: ({ ordered }) => wholeText(ordered?.units ?? 0) },
  { title: "received", text: ({ received }) => wholeText(received) },
  {
    title: "expected",
    text: ({ expectedAt }) => (expectedAt === undefined ? "-" : timeText(expectedAt)),
    left: true
  }
]

const documentLines = (documents: ReadonlyArray<OpenLine>, style: TerminalStyle): ReadonlyArray<string> => {
  const [orders, transfers] = [opened(documents, "order"), opened(documents, "transfer")]
  const purchases = opened(documents, "purchase").flatMap(incomingOf)
  const total = (rows: ReadonlyArray<OpenLine>) => unitsText(sumUnits(rows, ({ open }) => open))
  const incoming = unitsText(sumUnits(purchases, (row) => row.incoming))
  return [
    ...section(`${countText(orders.length, "open order")}, ${total(orders)}`, orderColumns, orders, style),
    ...section(`in transit: ${total(transfers)}`, transferColumns, transfers, style),
    ...section(`incoming: ${incoming}`, purchaseColumns, purchases, style)
  ]
}

const parkedText = ({ reason, count, firstId }: ParkedFacts): string =>
  `${countText(count, "fact")} of it ${count === 1 ? "is" : "are"} parked as ${reason}, the oldest with id ${firstId}: ` +
  `holdfast parked show ${firstId}`

type Allotted = SkuTerms["allotments"][number]

const numberText = (units: number | undefined): string => (units === undefined ? "-" : wholeText(units))

/** Units of its quota that a channel may still have. */
const leftOf = (row: Allotted): number | undefined =>
  typeof row.quota?.units === "number" ? row.quota.units - used(row) : undefined

const allotmentColumns: ReadonlyArray<TextColumn<Allotted>> = [
  { title: "channel", text: ({ channel }) => oneLine(channel), left: true },
  { title: "quota", text: ({ quota }) => numberText(quota?.units ?? undefined) },
  { title: "ring-fence", text: ({ ringFence }) => numberText(ringFence?.units ?? undefined) },
  { title: "ordered", text: ({ consumed }) => wholeText(consumed) },
  { title: "held", text: ({ held }) => wholeText(held) },
  {
    title: "left of quota",
    text: (row) => numberText(leftOf(row)),
    mark: (row) => ((leftOf(row) ?? 1) <= 0 ? "yellow" : undefined)
  }
]

const backorderText = ({ backorder }: SkuTerms): ReadonlyArray<string> => {
  if (backorder === undefined || backorder.limit === 0) return []
  const { limit, kind, expectedAt } = backorder
  const when = expectedAt === undefined ? "" : `, expected at ${timeText(expectedAt)}`
  return ["", `${kind}: ${unitsText(limit)} may be promised beyond what is there${when}`]
}

const termLines = (terms: SkuTerms | null, style: TerminalStyle): ReadonlyArray<string> => {
  if (terms === null) return []
  const allotments = terms.allotments.filter(isSet)
  return [...section("terms of sale", allotmentColumns, allotments, style), ...backorderText(terms)]
}

const noticeLines = ({ sku, quarantine, parked }: SkuReport, style: TerminalStyle): ReadonlyArray<string> => {
  const stopped =
    quarantine === null
      ? []
      : [
          `quarantined since ${timeText(quarantine.since)}: ${oneLine(quarantine.detail)}`,
          `nothing is applied to it until: holdfast quarantine lift ${oneLine(sku)}`
        ]
  const aside = parked.map(parkedText)
  const lines = [
    ...stopped.map((line) => painted(line, "red", style)),
    ...aside.map((line) => painted(line, "yellow", style))
  ]
  return lines.length === 0 ? lines : [...lines, ""]
}

const waitingText = ({ reason, count, firstId }: ParkedFacts): string =>
  reason === "unknown_sku"
    ? `${countText(count, "fact")} wait${count === 1 ? "s" : ""} for it and will be applied by ${count === 1 ? "itself" : "themselves"} once it is known: holdfast parked show ${firstId}`
    : parkedText({ reason, count, firstId })

/** Why there is nothing to say of a SKU, and what may help. */
export const unknownText = (sku: string, parked: ReadonlyArray<ParkedFacts>, similar: ReadonlyArray<string>): string =>
  [
    `${oneLine(sku)} is not known: it was never received, purchased or registered`,
    ...parked.map(waitingText),
    ...(similar.length === 0 ? [] : [`there is ${similar.map(oneLine).join(", ")}`])
  ].join("\n")

/** The whole report. @param partOf what is to be said of the bundles that it is in */
export const skuText = (report: SkuReport, style: TerminalStyle, partOf: ReadonlyArray<string> = []): string => {
  const { sku, version, levels, holds, documents, history } = report
  return [
    `${painted(oneLine(sku), "bold", style)}  version ${wholeText(version)}`,
    "",
    ...noticeLines(report, style),
    ...levelLines(levels, style),
    ...partOf,
    ...termLines(report.terms, style),
    ...holdLines(holds, style),
    ...documentLines(documents, style),
    ...historyLines(history, style)
  ].join("\n")
}
