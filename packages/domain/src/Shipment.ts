/**
 * What is remembered of the shipments of an order's line, and where each leaves from.
 *
 * Guarantee: the same facts in any order make the same shipments. Of several places that facts about one shipment name, the
 * first by name is taken; a cancellation says nothing of the place where another fact did. Pure.
 */
import type { OrderLine, ShipmentLine } from "./DocumentLine.ts"
import { defaultLocation, firstByName, type LocationId } from "./Identity.ts"
import type { ShipmentCancelled, ShipmentConfirmed, ShipmentCreated } from "./StockEvent.ts"

type ShipmentFact = ShipmentCreated | ShipmentCancelled | ShipmentConfirmed

const byShipmentId = (a: ShipmentLine, b: ShipmentLine): number => (a.shipmentId < b.shipmentId ? -1 : 1)

const hasUnits = ({ created, confirmed, bundles }: ShipmentLine): boolean =>
  created > 0 || confirmed > 0 || bundles !== undefined

const placeOf = (before: ShipmentLine, after: ShipmentLine, said: LocationId): LocationId => {
  const brings =
    after.created !== before.created || after.confirmed !== before.confirmed || after.bundles !== before.bundles
  if (brings !== hasUnits(before)) return brings ? said : before.locationId
  return firstByName(before.locationId, said)
}

/** The line with one of its shipments as it is now. */
export const withShipment = (
  line: OrderLine,
  { shipmentId, locationId = defaultLocation }: ShipmentFact,
  update: (shipment: ShipmentLine) => ShipmentLine
): OrderLine => {
  const at = line.shipments.findIndex((shipment) => shipment.shipmentId === shipmentId)
  const known = at < 0 ? { shipmentId, locationId, created: 0, cancelled: false, confirmed: 0 } : line.shipments[at]!
  const heard = update(known)
  const updated = { ...heard, locationId: placeOf(known, heard, locationId) }
  if (at >= 0) return { ...line, shipments: line.shipments.with(at, updated) }
  return { ...line, shipments: [...line.shipments, updated].sort(byShipmentId) }
}
