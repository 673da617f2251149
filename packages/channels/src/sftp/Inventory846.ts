/**
 * Quantities as X12 846 (Inventory Inquiry/Advice), one LIN loop per listing.
 *
 * Guarantee: a reader of the standard reads the SKUs and quantities that were given. It names no prices, no dates of arrival.
 */
import type { Inventory846 } from "@holdfast/domain/SftpSettings"
import type { Sku } from "@holdfast/domain/Identity"
import type { PushItem } from "../ChannelConnector.ts"
import { timeOf } from "./FileNumbers.ts"
import { dateAndTime, interchange, separatorsOf } from "./X12Interchange.ts"
import { cannotSay, type Segment } from "./X12Text.ts"

/** Characters of LIN03. */
const itemCharsMax = 48

/** Why X12 has no words for this SKU; undefined: it has. */
export const skuObjection = (settings: Inventory846, sku: Sku): string | undefined =>
  cannotSay(sku, itemCharsMax, separatorsOf(settings))

/** @param items whose SKUs have no objection */
export const inventory846 = (settings: Inventory846, items: ReadonlyArray<PushItem>, number: number): string => {
  const { itemQualifier = "SK", quantityQualifier = "33", warehouse } = settings
  const at = timeOf(number)
  const { date, time } = dateAndTime(at)
  const place: ReadonlyArray<Segment> = warehouse === undefined ? [] : [["N1", "WH", "", "92", warehouse]]
  const lines = items.flatMap(({ sku, quantity }, i): ReadonlyArray<Segment> => [
    ["LIN", String(i + 1), itemQualifier, sku],
    ["QTY", quantityQualifier, String(quantity), "EA"]
  ])
  return interchange(settings, ["IB", "846"], { number, at }, [
    ["BIA", "00", "SI", String(number), date, time],
    ...place,
    ...lines,
    ["CTT", String(items.length)]
  ])
}
