/**
 * Where an order's units are committed: the strategies, and how a line's allocations follow what is open and bound.
 *
 * Guarantee: allocations sum to what is open and none is negative; units that a shipment binds are at its location as far as
 * the open units allow. A strategy only says where new units go. Pure.
 */
import type { Allocation, ShipmentLine } from "./DocumentLine.ts"
import { defaultLocation, type LocationId } from "./Identity.ts"

/** Units that want a place, and where, if that was said. */
export interface Demand {
  readonly units: number
  readonly locationId?: LocationId | undefined
}

/** Gives every unit a location. */
export type AllocationStrategy = (units: number) => ReadonlyArray<Allocation>

/** Everything at the location of those who name none. */
export const atDefaultLocation: AllocationStrategy = (units) => [{ locationId: defaultLocation, units }]

/** Units that shipments bind to a location: announced, not called off and not gone. */
export const boundAt = (shipments: ReadonlyArray<ShipmentLine>, locationId: LocationId): number => {
  let units = 0
  for (const shipment of shipments)
    if (shipment.locationId === locationId && !shipment.cancelled && shipment.confirmed === 0) units += shipment.created
  return units
}

const unitsAt = (allocations: ReadonlyArray<Allocation>, locationId: LocationId): number => {
  for (const allocation of allocations) if (allocation.locationId === locationId) return allocation.units
  return 0
}

const withUnits = (
  allocations: ReadonlyArray<Allocation>,
  locationId: LocationId,
  delta: number
): ReadonlyArray<Allocation> => {
  if (allocations.length === 0) return [{ locationId, units: delta }]
  const units = unitsAt(allocations, locationId) + delta
  const at = allocations.findIndex((allocation) => allocation.locationId === locationId)
  if (at < 0) return [...allocations, { locationId, units }]
  return units === 0 ? allocations.toSpliced(at, 1) : allocations.with(at, { locationId, units })
}

/** Adds units where they are wanted; what is wanted nowhere goes where the strategy says. */
const grow = (
  allocations: ReadonlyArray<Allocation>,
  units: number,
  demands: ReadonlyArray<Demand>,
  strategy: AllocationStrategy
): ReadonlyArray<Allocation> => {
  let placed = allocations
  let left = units
  for (const demand of demands) {
    const here = Math.min(left, demand.units)
    if (here <= 0 || demand.locationId === undefined) continue
    placed = withUnits(placed, demand.locationId, here)
    left -= here
  }
  if (left > 0) for (const { locationId, units: some } of strategy(left)) placed = withUnits(placed, locationId, some)
  return placed
}

type Taking = (allocation: Allocation) => number

/** Takes units away, at the first locations first, as many of each as `taking` lets go. */
const takeFrom = (
  allocations: ReadonlyArray<Allocation>,
  units: number,
  order: ReadonlyArray<LocationId>,
  taking: Taking
): readonly [ReadonlyArray<Allocation>, number] => {
  let kept = allocations
  let left = units
  for (const locationId of order) {
    const here = unitsAt(kept, locationId)
    const taken = Math.min(left, Math.max(0, taking({ locationId, units: here })))
    if (taken === 0) continue
    kept = withUnits(kept, locationId, -taken)
    left -= taken
  }
  return [kept, left]
}

const latestFirst = (allocations: ReadonlyArray<Allocation>, named: ReadonlyArray<LocationId>) => {
  const rest = allocations.map(({ locationId }) => locationId).filter((locationId) => !named.includes(locationId))
  return [...named, ...rest.reverse()]
}

const shrink = (
  allocations: ReadonlyArray<Allocation>,
  units: number,
  shipments: ReadonlyArray<ShipmentLine>,
  named: ReadonlyArray<LocationId>
): ReadonlyArray<Allocation> => {
  const order = latestFirst(allocations, named)
  const unbound: Taking = (at) => at.units - boundAt(shipments, at.locationId)
  const [kept, left] = takeFrom(allocations, units, order, unbound)
  return left === 0 ? kept : takeFrom(kept, left, order, (at) => at.units)[0]
}

/** Moves units to where shipments bind them. */
const bind = (
  allocations: ReadonlyArray<Allocation>,
  shipments: ReadonlyArray<ShipmentLine>
): ReadonlyArray<Allocation> => {
  let placed = allocations
  for (const { locationId } of shipments) {
    const missing = boundAt(shipments, locationId) - unitsAt(placed, locationId)
    if (missing <= 0) continue
    const elsewhere = latestFirst(placed, [locationId]).slice(1)
    const unbound: Taking = (at) => at.units - boundAt(shipments, at.locationId)
    const [kept, left] = takeFrom(placed, missing, elsewhere, unbound)
    if (left < missing) placed = withUnits(kept, locationId, missing - left)
  }
  return placed
}

/**
 * The allocations of a line after a fact.
 * @param open units that are open now
 * @param demands where units that are new want to be, or from where units that are gone were taken
 */
export const allocate = (
  before: ReadonlyArray<Allocation>,
  open: number,
  demands: ReadonlyArray<Demand>,
  shipments: ReadonlyArray<ShipmentLine>,
  strategy: AllocationStrategy
): ReadonlyArray<Allocation> => {
  let was = 0
  for (const { units } of before) was += units
  const named = () => demands.flatMap(({ locationId }) => (locationId === undefined ? [] : [locationId]))
  const settled =
    open > was
      ? grow(before, open - was, demands, strategy)
      : open < was
        ? shrink(before, was - open, shipments, [...new Set(named())])
        : before
  return shipments.length === 0 ? settled : bind(settled, shipments)
}
