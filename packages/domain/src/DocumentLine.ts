/**
 * What is remembered of one SKU in one order, transfer or purchase.
 *
 * Guarantee: but for where an order's units are allocated, a line is the same after the same facts in any order of arrival. It
 * is immutable: a decision makes a new one. The rules that make it are in `OrderRules` and `MovementRules`.
 */
import type { LocationId } from "./Identity.ts"
import type { SkuFact } from "./StockEvent.ts"

/** Units as of a time, in milliseconds since the epoch. */
export interface TimedUnits {
  readonly at: number
  readonly units: number
}

/** What is known of one shipment of an order's line. */
export interface ShipmentLine {
  readonly shipmentId: string
  readonly locationId: LocationId
  /** units that were announced, bound to the location until they leave or are called off */
  readonly created: number
  readonly cancelled: boolean
  /** units that left */
  readonly confirmed: number
  /** bundles that were named; absent: none. Their units follow from what the order was placed with: see `BundleDemand` */
  readonly bundles?: ReadonlyArray<ShippedBundle>
}

/** Bundles of a shipment, as of when they were told. */
export interface ShippedBundle {
  readonly bundle: string
  readonly created: ReadonlyArray<TimedUnits>
  readonly confirmed: ReadonlyArray<TimedUnits>
}

/** What an order asks of a SKU through a bundle. */
export interface BundleDemand {
  readonly bundle: string
  /** units of the SKU in one bundle, as of when the order was placed or changed */
  readonly each: ReadonlyArray<TimedUnits>
  readonly placed: ReadonlyArray<TimedUnits>
  /** bundles, not units: how many these are is known when the order is */
  readonly cancelled: ReadonlyArray<TimedUnits>
  readonly set?: TimedUnits
  readonly voidAt?: number
}

/** Units of an order that are committed at a location. */
export interface Allocation {
  readonly locationId: LocationId
  readonly units: number
}

export interface OrderLine {
  readonly kind: "order"
  readonly orderId: string
  readonly channel?: string
  /** one for each time that the order was placed */
  readonly placed: ReadonlyArray<TimedUnits>
  /** units of holds that were confirmed for it; the order itself may not have been heard of yet */
  readonly confirmed: number
  /** partial cancellations */
  readonly cancelled: ReadonlyArray<TimedUnits>
  /** what the line was last changed to: nothing before it counts any more */
  readonly set?: TimedUnits
  /** when the whole line was cancelled */
  readonly voidAt?: number
  /** what it asks for through bundles, beside what it names itself; by their names; absent: nothing */
  readonly bundles?: ReadonlyArray<BundleDemand>
  readonly shipments: ReadonlyArray<ShipmentLine>
  /** in the order in which units were allocated; sums to what is open */
  readonly allocations: ReadonlyArray<Allocation>
}

export interface TransferLine {
  readonly kind: "transfer"
  readonly transferId: string
  readonly to: LocationId
  readonly dispatched: number
  readonly received: number
  /** nothing more will arrive */
  readonly closed: boolean
}

export interface PurchaseLine {
  readonly kind: "purchase"
  readonly purchaseId: string
  readonly locations: ReadonlyArray<PurchaseAt>
}

/** What a purchase is to bring to one location. */
export interface PurchaseAt {
  readonly locationId: LocationId
  /** what was ordered last */
  readonly ordered?: TimedUnits
  readonly expectedAt?: number
  readonly received: number
}

export type DocumentLine = OrderLine | TransferLine | PurchaseLine

/** Under which a line is remembered; ids of different kinds of documents may be equal. */
export const documentKey = (kind: DocumentLine["kind"], id: string): string => `${kind}:${id}`

export const documentKeyOf = (line: DocumentLine): string => {
  if (line.kind === "order") return documentKey("order", line.orderId)
  return line.kind === "transfer" ? documentKey("transfer", line.transferId) : documentKey("purchase", line.purchaseId)
}

/** Which document's line a fact is about, if any. */
export const documentOf = ({
  type,
  data
}: SkuFact): { readonly kind: DocumentLine["kind"]; readonly id: string } | undefined => {
  switch (type) {
    case "order.placed":
    case "order.changed":
    case "order.cancelled":
    case "shipment.created":
    case "shipment.cancelled":
    case "shipment.confirmed":
      return { kind: "order", id: data.orderId }
    case "transfer.dispatched":
    case "transfer.received":
      return { kind: "transfer", id: data.transferId }
    case "purchase.ordered":
      return { kind: "purchase", id: data.purchaseId }
    case "goods.received":
      return data.purchaseId === undefined ? undefined : { kind: "purchase", id: data.purchaseId }
    case "goods.putaway":
    case "return.received":
    case "return.restocked":
    case "stock.adjusted":
    case "count.cycle":
    case "sku.registered":
    case "allotment.set":
    case "backorder.set":
      return undefined
  }
}

/** Units of the line that are still to come or to go: an order's open units, a transfer's in transit, a purchase's incoming. */
export const openUnits = (line: DocumentLine): number => {
  if (line.kind === "order") return line.allocations.reduce((sum, { units }) => sum + units, 0)
  if (line.kind === "transfer") return line.closed ? 0 : Math.max(0, line.dispatched - line.received)
  return line.locations.reduce((sum, at) => sum + incomingAt(at), 0)
}

/** Units that a purchase is still to bring to a location. */
export const incomingAt = ({ ordered, received }: PurchaseAt): number => Math.max(0, (ordered?.units ?? 0) - received)

/** A line as text: without the names that its row has in columns of its own, and without what is empty. */
export const encodeLine = (line: DocumentLine): string => {
  if (line.kind === "order") return JSON.stringify(packed(line))
  const { kind: _, ...rest } = line
  return JSON.stringify({ ...rest, transferId: undefined, purchaseId: undefined })
}

/** @param key as `documentKey` makes it */
export const decodeLine = (key: string, text: string): DocumentLine => {
  const colon = key.indexOf(":")
  const kind = key.slice(0, colon) as DocumentLine["kind"]
  const id = key.slice(colon + 1)
  const json: unknown = JSON.parse(text)
  if (kind === "order") return unpacked(id, json as PackedOrderLine)
  if (kind === "transfer") return { kind, transferId: id, ...(json as Omit<TransferLine, "kind" | "transferId">) }
  return { kind, purchaseId: id, ...(json as Omit<PurchaseLine, "kind" | "purchaseId">) }
}

type PackedUnits = ReadonlyArray<readonly [at: number, units: number]>

/** Most lines are orders, written twice with every fact about them: bytes count. */
interface PackedOrderLine {
  readonly channel?: string | undefined
  readonly placed?: PackedUnits | undefined
  readonly confirmed?: number | undefined
  readonly cancelled?: PackedUnits | undefined
  readonly set?: TimedUnits | undefined
  readonly voidAt?: number | undefined
  readonly bundles?: ReadonlyArray<PackedDemand> | undefined
  readonly shipments?: ReadonlyArray<ShipmentLine> | undefined
  readonly at?: ReadonlyArray<readonly [locationId: LocationId, units: number]> | undefined
}

interface PackedDemand extends Pick<PackedOrderLine, "placed" | "cancelled" | "set" | "voidAt"> {
  readonly bundle: string
  readonly each?: PackedUnits | undefined
}

const none: ReadonlyArray<never> = []

const packedUnits = (entries: ReadonlyArray<TimedUnits>): PackedUnits | undefined =>
  entries.length === 0 ? undefined : entries.map(({ at, units }) => [at, units])

const unpackedUnits = (entries: PackedUnits | undefined): ReadonlyArray<TimedUnits> =>
  entries === undefined ? none : entries.map(([at, units]) => ({ at, units }))

const packed = (line: OrderLine): PackedOrderLine => ({
  channel: line.channel,
  placed: packedUnits(line.placed),
  confirmed: line.confirmed === 0 ? undefined : line.confirmed,
  cancelled: packedUnits(line.cancelled),
  set: line.set,
  voidAt: line.voidAt,
  bundles: line.bundles?.map((demand) => ({
    ...demand,
    each: packedUnits(demand.each),
    placed: packedUnits(demand.placed),
    cancelled: packedUnits(demand.cancelled)
  })),
  shipments: line.shipments.length === 0 ? undefined : line.shipments,
  at: line.allocations.length === 0 ? undefined : line.allocations.map(({ locationId, units }) => [locationId, units])
})

const unpacked = (orderId: string, line: PackedOrderLine): OrderLine => ({
  kind: "order",
  orderId,
  placed: unpackedUnits(line.placed),
  confirmed: line.confirmed ?? 0,
  cancelled: unpackedUnits(line.cancelled),
  shipments: line.shipments ?? none,
  allocations: line.at === undefined ? none : line.at.map(([locationId, units]) => ({ locationId, units })),
  ...(line.channel === undefined ? {} : { channel: line.channel }),
  ...(line.set === undefined ? {} : { set: line.set }),
  ...(line.voidAt === undefined ? {} : { voidAt: line.voidAt }),
  ...(line.bundles === undefined ? {} : { bundles: line.bundles.map(unpackedDemand) })
})

const unpackedDemand = ({ each, placed, cancelled, ...rest }: PackedDemand): BundleDemand =>
  ({
    ...rest,
    each: unpackedUnits(each),
    placed: unpackedUnits(placed),
    cancelled: unpackedUnits(cancelled)
  }) as BundleDemand
