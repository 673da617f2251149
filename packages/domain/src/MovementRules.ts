/**
 * What facts about goods do to one SKU: receipts and putaway, returns, adjustments, transfers, purchases, counts.
 *
 * 1. All of them commute: quantities end the same in any order of arrival, since each is a sum, or what was said last by its
 *    own time.
 * 2. A count says what was on hand when it was made: movements up to then are in it and move nothing when they come later,
 *    movements after it survive it. Of two that were made at the same moment, the one that found more holds.
 * 3. Where facts of one document contradict each other, what holds does not depend on which came first: of the places that a
 *    transfer goes to, the first by name; of the times at which a purchase is expected, the last.
 * 4. Units that are taken out of a status before they were heard to be in it make it negative until they are.
 *
 * Pure; the draft is changed.
 */
import {
  incomingAt,
  openUnits,
  type PurchaseAt,
  type PurchaseLine,
  type TimedUnits,
  type TransferLine
} from "./DocumentLine.ts"
import type { Draft, Effects } from "./Draft.ts"
import { defaultLocation, firstByName, type LocationId } from "./Identity.ts"
import type {
  CycleCounted,
  GoodsPutaway,
  GoodsReceived,
  PurchaseOrdered,
  ReturnReceived,
  ReturnRestocked,
  SkuRegistered,
  StockAdjusted,
  StockEventType,
  TransferDispatched,
  TransferReceived
} from "./StockEvent.ts"

/** Units on hand that moved at a location since a count was made, that is, with a later time of their own. */
export type MovedSince = ReadonlyMap<LocationId, number>

const sumBy = <L extends { readonly locationId?: LocationId }>(
  lines: ReadonlyArray<L>,
  units: (line: L) => number
): Iterable<readonly [LocationId, number]> => {
  const [only] = lines
  if (lines.length === 1 && only !== undefined) return [[only.locationId ?? defaultLocation, units(only)]]
  const sums = new Map<LocationId, number>()
  for (const line of lines) {
    const at = line.locationId ?? defaultLocation
    sums.set(at, (sums.get(at) ?? 0) + units(line))
  }
  return sums
}

const quantityOf = ({ quantity }: { readonly quantity: number }): number => quantity

const referenceOf = ({ reference }: { readonly reference?: string }): Effects =>
  reference === undefined ? {} : { reference }

export const receiveGoods = (draft: Draft, data: GoodsReceived, time: number): void => {
  for (const [at, units] of sumBy(data.lines, quantityOf)) {
    const effects = data.putaway === "done" ? referenceOf(data) : { ...referenceOf(data), receiving: units }
    const { purchaseId } = data
    const bought = purchaseId === undefined ? {} : receivedOf(draft, purchaseId, at, units)
    draft.movement("goods.received", at, time, units, { ...effects, ...bought })
  }
}

export const putAway = (draft: Draft, data: GoodsPutaway): void => {
  for (const [at, units] of sumBy(data.lines, quantityOf))
    draft.change("goods.putaway", at, { ...referenceOf(data), receiving: -units })
}

export const receiveReturn = (draft: Draft, data: ReturnReceived, time: number): void => {
  for (const [at, units] of sumBy(data.lines, quantityOf))
    draft.movement("return.received", at, time, units, { ...referenceOf(data), inspection: units })
}

export const restock = (draft: Draft, data: ReturnRestocked, time: number): void => {
  for (const { locationId = defaultLocation, quantity, disposition } of data.lines) {
    const inspected = { ...referenceOf(data), inspection: -quantity }
    if (disposition === "scrapped")
      draft.movement("return.restocked", locationId, time, -quantity, { ...inspected, reason: disposition })
    else
      draft.change("return.restocked", locationId, {
        ...inspected,
        reason: disposition,
        ...(disposition === "damaged" ? { damaged: quantity } : {})
      })
  }
}

export const adjustStock = (draft: Draft, data: StockAdjusted, time: number): void => {
  const effects = { reason: data.reason, ...(data.by === undefined ? {} : { by: data.by }), ...referenceOf(data) }
  const plain = data.lines.filter(({ status }) => status === undefined)
  for (const [at, units] of sumBy(plain, ({ delta }) => delta))
    draft.movement("stock.adjusted", at, time, units, effects)
  for (const { locationId = defaultLocation, delta, status } of data.lines)
    if (status !== undefined) draft.movement("stock.adjusted", locationId, time, delta, { ...effects, [status]: delta })
}

const transferOf = (draft: Draft, transferId: string, to: LocationId): TransferLine =>
  draft.line("transfer", transferId) ?? { kind: "transfer", transferId, to, dispatched: 0, received: 0, closed: false }

/** Takes units off the way to where they do not go after all. @returns units by which those on the way to `after.to` change */
const turnAround = (draft: Draft, kind: StockEventType, before: TransferLine, after: TransferLine): number => {
  if (after.to === before.to) return openUnits(after) - openUnits(before)
  draft.change(kind, before.to, { inTransit: -openUnits(before), documentId: before.transferId })
  return openUnits(after)
}

export const dispatchTransfer = (draft: Draft, data: TransferDispatched, time: number): void => {
  const { transferId, fromLocationId, toLocationId } = data
  const before = transferOf(draft, transferId, toLocationId)
  const units = data.lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const line = { ...before, to: firstByName(before.to, toLocationId), dispatched: before.dispatched + units }
  draft.movement("transfer.dispatched", fromLocationId, time, -units, { documentId: transferId })
  const inTransit = turnAround(draft, "transfer.dispatched", before, line)
  draft.change("transfer.dispatched", line.to, { inTransit, documentId: transferId, line })
}

export const receiveTransfer = (draft: Draft, data: TransferReceived, time: number): void => {
  const { transferId, toLocationId, closed = false } = data
  const before = transferOf(draft, transferId, toLocationId)
  const units = data.lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const to = firstByName(before.to, toLocationId)
  const line = { ...before, to, received: before.received + units, closed: before.closed || closed }
  const difference = line.closed ? line.received - line.dispatched : 0
  const inTransit = turnAround(draft, "transfer.received", before, line)
  const effects = { documentId: transferId, ...(difference === 0 ? {} : { reason: `difference ${difference}` }), line }
  const elsewhere = line.to !== toLocationId
  draft.movement("transfer.received", toLocationId, time, units, elsewhere ? effects : { ...effects, inTransit })
  if (elsewhere) draft.change("transfer.received", line.to, { documentId: transferId, inTransit })
}

const purchaseOf = (draft: Draft, purchaseId: string): PurchaseLine =>
  draft.line("purchase", purchaseId) ?? { kind: "purchase", purchaseId, locations: [] }

/** What a purchase line becomes when one of its locations changes: the units incoming there follow. */
const updatePurchase = (
  draft: Draft,
  purchaseId: string,
  locationId: LocationId,
  update: (at: PurchaseAt) => PurchaseAt
): Effects => {
  const before = purchaseOf(draft, purchaseId)
  const was = before.locations.find((at) => at.locationId === locationId) ?? { locationId, received: 0 }
  const is = update(was)
  const others = before.locations.filter((at) => at !== was)
  const locations = [...others, is].sort((a, b) => (a.locationId < b.locationId ? -1 : 1))
  return { documentId: purchaseId, incoming: incomingAt(is) - incomingAt(was), line: { ...before, locations } }
}

const receivedOf = (draft: Draft, purchaseId: string, locationId: LocationId, units: number): Effects =>
  updatePurchase(draft, purchaseId, locationId, (at) => ({ ...at, received: at.received + units }))

/** @param said when the units are expected: all are there with the last of them */
const orderedAt = (known: PurchaseAt, ordered: TimedUnits, said: ReadonlyArray<number>): PurchaseAt => {
  const { ordered: before, expectedAt, ...rest } = known
  const later = before === undefined || ordered.at > before.at
  const equal = !later && ordered.at === before.at && ordered.units === before.units
  if (!later && !equal && !(ordered.at === before.at && ordered.units > before.units)) return known
  const times = equal && expectedAt !== undefined ? [...said, expectedAt] : said
  return { ...rest, ordered, ...(times.length === 0 ? {} : { expectedAt: Math.max(...times) }) }
}

export const orderPurchase = (draft: Draft, data: PurchaseOrdered, time: number): void => {
  for (const [locationId, units] of sumBy(data.lines, quantityOf)) {
    const said = data.lines.flatMap((line) =>
      (line.locationId ?? defaultLocation) === locationId ? (line.expectedAt ?? []) : []
    )
    const effects = updatePurchase(draft, data.purchaseId, locationId, (at) => orderedAt(at, { at: time, units }, said))
    draft.change("purchase.ordered", locationId, { ...referenceOf(data), ...effects })
  }
}

/** @param movedSince what moved after `countedAt`; a location that is not in it had no movement since */
export const count = (draft: Draft, data: CycleCounted, movedSince: MovedSince): void => {
  for (const [at, counted] of sumBy(data.lines, quantityOf)) {
    const level = draft.level(at)
    const effects = { ...(data.by === undefined ? {} : { by: data.by }), ...referenceOf(data) }
    const documented = data.countId === undefined ? effects : { ...effects, documentId: data.countId }
    const { countedAt } = data
    const variance = counted + (movedSince.get(at) ?? 0) - level.onHand
    const superseded = countedAt < level.countedAt || (countedAt === level.countedAt && variance <= 0)
    draft.change("count.cycle", at, {
      ...documented,
      ...(superseded ? { reason: "another count holds" } : { onHand: variance, countedAt })
    })
  }
}

export const registerSku = (draft: Draft, data: SkuRegistered, time: number): void => {
  for (const [at, units] of sumBy(data.lines, ({ safetyStock }) => safetyStock)) {
    const level = draft.level(at)
    const newer = time > level.safetyStockAt || (time === level.safetyStockAt && units > level.safetyStock)
    draft.change("sku.registered", at, newer ? { safetyStock: units - level.safetyStock, safetyStockAt: time } : {})
  }
}
