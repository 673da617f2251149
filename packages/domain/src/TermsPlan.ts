/**
 * What a list of terms of sale says, line by line, and what that changes of what is stored.
 *
 * Guarantee: applying a plan and planning the same lines again leaves nothing to change. What a line does not name stays as it is,
 * and a SKU or channel that no line names keeps its terms. Pure: no I/O, no clock.
 */
import type { LineProblem } from "./Catalogue.ts"
import type { ChannelId, Sku } from "./Identity.ts"
import { timeMax } from "./Rfc3339.ts"
import { allotmentOf, type Backorder, type SkuTerms } from "./SkuTerms.ts"
import type { AllotmentLine, BackorderLine } from "./StockEvent.ts"

/** An allotment: null lifts a number, absent leaves it. */
export interface AllotmentItem {
  readonly kind: "allotment"
  readonly sku: Sku
  readonly channel: ChannelId
  readonly quota?: number | null
  readonly ringFence?: number | null
}

/** An allowance: 0 lifts it; what is absent stays. */
export interface BackorderItem {
  readonly kind: "backorder"
  readonly sku: Sku
  readonly limit: number
  readonly as?: Backorder["kind"]
  /** milliseconds since the epoch; null: not known any more */
  readonly expectedAt?: number | null
}

export type TermsItem = AllotmentItem | BackorderItem

/** An item and where it was written, from 1. */
export interface TermsLine {
  readonly line: number
  readonly item: TermsItem
}

/** What is to be said, in place of what. `before` is the time of the last word that it replaces: 0 where there is none. */
export type TermsChange = {
  readonly line: number
  readonly sku: Sku
  /** milliseconds since the epoch */
  readonly before: number
} & (
  | { readonly kind: "allotment"; readonly say: AllotmentLine; readonly was: string }
  | { readonly kind: "backorder"; readonly say: BackorderLine; readonly was: string }
)

export interface TermsPlan {
  readonly changes: ReadonlyArray<TermsChange>
  /** lines that say what is so already */
  readonly unchanged: number
}

/** No id has a control character: the key of one line is no other line's. */
const keyOf = (item: TermsItem): string => (item.kind === "allotment" ? `${item.sku}\u0000${item.channel}` : item.sku)

/** Lines about what an earlier line was about already. */
export const repetitionsIn = (lines: ReadonlyArray<TermsLine>): ReadonlyArray<LineProblem> => {
  const first = new Map<string, number>()
  return lines.flatMap(({ line, item }): ReadonlyArray<LineProblem> => {
    const earlier = first.get(keyOf(item))
    if (earlier === undefined) first.set(keyOf(item), line)
    const once = item.kind === "allotment" ? "once per channel" : "once with a backorder_limit"
    return earlier === undefined
      ? []
      : [{ line, field: "sku", message: `must be ${once}, it is on line ${earlier} already`, value: item.sku }]
  })
}

const unitsText = (units: number | null | undefined): string => String(units ?? "none")

const allotmentChange = (line: number, item: AllotmentItem, terms: SkuTerms | undefined): TermsChange | undefined => {
  const { sku, channel, quota, ringFence } = item
  const was = allotmentOf(terms, channel)
  const isOther = (units: number | null | undefined, before: number | null | undefined): units is number | null =>
    units !== undefined && units !== (before ?? null)
  const say: AllotmentLine = {
    sku,
    channel,
    ...(isOther(quota, was?.quota?.units) ? { quota } : {}),
    ...(isOther(ringFence, was?.ringFence?.units) ? { ringFence } : {})
  }
  if (say.quota === undefined && say.ringFence === undefined) return undefined
  const replaced = [say.quota === undefined ? 0 : was?.quota?.at, say.ringFence === undefined ? 0 : was?.ringFence?.at]
  const text = `quota ${unitsText(was?.quota?.units)}, ring-fence ${unitsText(was?.ringFence?.units)}`
  return { kind: "allotment", line, sku, say, was: text, before: Math.max(...replaced.map((at) => at ?? 0)) }
}

/** What is said is the whole allowance: a word replaces the one before altogether. */
const backorderChange = (line: number, item: BackorderItem, terms: SkuTerms | undefined): TermsChange | undefined => {
  const { sku, limit } = item
  const was = terms?.backorder
  const open = was !== undefined && was.limit > 0 ? was : undefined
  const as = item.as ?? open?.kind ?? "backorder"
  const expectedAt = item.expectedAt === undefined ? open?.expectedAt : (item.expectedAt ?? undefined)
  const isSame =
    limit === (open?.limit ?? 0) &&
    (limit === 0 || (as === (open?.kind ?? "backorder") && expectedAt === open?.expectedAt))
  if (isSame) return undefined
  const details = limit === 0 ? {} : { kind: as, ...(expectedAt === undefined ? {} : { expectedAt }) }
  const text = open === undefined ? "none" : `${open.kind} ${open.limit}`
  return { kind: "backorder", line, sku, say: { sku, limit, ...details }, was: text, before: was?.at ?? 0 }
}

/** What these lines change. @param stored terms by SKU, of those that have any */
export const termsPlanOf = (
  lines: ReadonlyArray<TermsLine>,
  stored: { readonly get: (sku: Sku) => SkuTerms | undefined }
): TermsPlan => {
  const changes = lines
    .map(({ line, item }) =>
      item.kind === "allotment"
        ? allotmentChange(line, item, stored.get(item.sku))
        : backorderChange(line, item, stored.get(item.sku))
    )
    .filter((change) => change !== undefined)
  return { changes, unchanged: lines.length - changes.length }
}

/** As of when a change is to be said so that it counts: now, or just after what it replaces. @param now milliseconds since the epoch */
export const termsTime = ({ before }: TermsChange, now: number): number => Math.min(timeMax, Math.max(now, before + 1))
