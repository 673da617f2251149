/**
 * The auditor's judgement of where the open units of one order's line are committed, after each fact about it.
 *
 * Guarantee: units sum to what is open; new ones go where holds and lines name a place, the rest where `SpreadBooks` says; what goes first
 * leaves the place that the fact names, then the place that got units last; no bound unit is missing anywhere while an
 * unbound one is elsewhere; nothing else moves. Which of several unbound units move to a bound place, it leaves open.
 */
import type { Allocation } from "../DocumentLine.ts"
import type { LocationId, ReservationId } from "../Identity.ts"
import type { SkuFact } from "../StockEvent.ts"
import { AuditFailure, must } from "./AuditFailure.ts"
import { home } from "./FactPostings.ts"
import { type BookedOrder, boundUnits } from "./OrderBooks.ts"
import type { BookedHold } from "./StockBooks.ts"

type Units = ReadonlyMap<LocationId, number>
type Wish = readonly [LocationId, number]

/** What a fact or a confirmation says of where an order's units belong. */
export interface Placement {
  /** units that holds cover, at the places of these, then units of lines that name a place */
  readonly wishes: ReadonlyArray<Wish>
  /** where units go that none of these names */
  readonly rest: (units: number) => ReadonlyArray<Wish>
  /** where units leave first; `ambiguous` if several places are named */
  readonly leaving: LocationId | "ambiguous" | undefined
}

/** Holds that the fact's lines consume, with the units of the line that each covers. */
export const consumedBy = (
  fact: SkuFact,
  holds: ReadonlyMap<ReservationId, BookedHold>
): ReadonlyMap<ReservationId, number> => {
  const consumed = new Map<ReservationId, number>()
  if (fact.type !== "order.placed") return consumed
  for (const { reservationId, quantity } of fact.data.lines) {
    if (reservationId === undefined || consumed.has(reservationId)) continue
    const hold = holds.get(reservationId)
    if (hold?.end === "open") consumed.set(reservationId, Math.min(hold.units, quantity))
  }
  return consumed
}

const wishesOf = (fact: SkuFact, holds: ReadonlyMap<ReservationId, BookedHold>): ReadonlyArray<Wish> => {
  if (fact.type === "order.changed")
    return fact.data.lines.flatMap(({ locationId, quantity }) =>
      locationId === undefined ? [] : [[locationId, quantity] as const]
    )
  if (fact.type !== "order.placed") return []
  const left = new Map(consumedBy(fact, holds))
  const covered: Array<Wish> = []
  const named: Array<Wish> = []
  for (const { locationId, quantity, reservationId } of fact.data.lines) {
    const units = reservationId === undefined ? 0 : (left.get(reservationId) ?? 0)
    if (units > 0) covered.push([holds.get(reservationId!)!.at, units])
    if (reservationId !== undefined) left.delete(reservationId)
    if (locationId !== undefined) named.push([locationId, quantity - units])
  }
  return [...covered, ...named]
}

const leavingOf = (fact: SkuFact): Placement["leaving"] => {
  if (fact.type === "shipment.confirmed") return fact.data.locationId ?? home
  if (fact.type !== "order.cancelled" && fact.type !== "order.changed") return undefined
  const places = new Set(fact.data.lines.map((line) => line.locationId))
  return places.size > 1 ? "ambiguous" : [...places][0]
}

/** Of a channel without a policy. */
export const toHome: Placement["rest"] = (units) => [[home, units]]

/** @param holds as they were before the fact */
export const placementOf = (
  fact: SkuFact,
  holds: ReadonlyMap<ReservationId, BookedHold>,
  rest: Placement["rest"]
): Placement => ({ wishes: wishesOf(fact, holds), leaving: leavingOf(fact), rest })

const byPlace = (allocations: ReadonlyArray<Allocation>): Map<LocationId, number> => {
  const units = new Map<LocationId, number>()
  for (const one of allocations) units.set(one.locationId, (units.get(one.locationId) ?? 0) + one.units)
  return units
}

const at = (units: Units, place: LocationId): number => units.get(place) ?? 0
const total = (units: Units): number => [...units.values()].reduce((sum, one) => sum + one, 0)

const grownBy = (more: number, before: Units, { wishes, rest }: Placement): Units => {
  const after = new Map(before)
  let left = more
  for (const [place, wanted] of wishes) {
    const units = Math.min(left, wanted)
    after.set(place, at(after, place) + units)
    left -= units
  }
  if (left > 0) for (const [place, units] of rest(left)) after.set(place, at(after, place) + units)
  return after
}

const shrunkBy = (
  fewer: number,
  before: ReadonlyArray<Allocation>,
  leaving: LocationId | undefined,
  bound: Units
): Units => {
  const after = byPlace(before)
  const latestFirst = before.toReversed()
  const turns = [
    ...latestFirst.filter((one) => one.locationId === leaving),
    ...latestFirst.filter((one) => one.locationId !== leaving)
  ]
  const taken = new Map<Allocation, number>()
  let left = fewer
  for (const spared of [true, false]) {
    for (const turn of turns) {
      const here = at(after, turn.locationId)
      const free = spared ? Math.max(0, here - at(bound, turn.locationId)) : here
      const gone = taken.get(turn) ?? 0
      const units = Math.min(left, free, turn.units - gone)
      after.set(turn.locationId, here - units)
      taken.set(turn, gone + units)
      left -= units
    }
  }
  return after
}

const names = (units: Units): string =>
  [...units].flatMap(([place, one]) => (one === 0 ? [] : [`${one} at ${place}`])).join(", ") || "none"

/** What became of an order's units, for reports. */
export type AllocationCorner = "units allocated" | "units left" | "units moved to where they are bound" | "units stayed"

/**
 * Judges where an order's units are.
 * @param before where they were before the fact
 * @throws AuditFailure
 */
export const judgeAllocations = (
  before: ReadonlyArray<Allocation>,
  allocations: ReadonlyArray<Allocation>,
  order: BookedOrder,
  placement: Placement
): AllocationCorner => {
  must(
    allocations.every((one) => one.units >= 0),
    "a negative number of units is allocated"
  )
  const was = byPlace(before)
  const is = byPlace(allocations)
  const bound = boundUnits(order)
  must(total(is) === order.open, `${total(is)} units are allocated, ${order.open} are open`)
  const places = [...new Set([...was.keys(), ...is.keys(), ...bound.keys()])]
  const missing = places.find((place) => at(is, place) < at(bound, place))
  const spare = places.find((place) => at(is, place) > at(bound, place))
  if (missing !== undefined && spare !== undefined)
    throw new AuditFailure(
      `units bound at ${missing} are at ${spare}: ${names(is)} are allocated, ${names(bound)} bound`
    )
  const grown = order.open - total(was)
  if (grown < 0 && placement.leaving === "ambiguous") return "units left"
  const leaving = placement.leaving === "ambiguous" ? undefined : placement.leaving
  const meant = grown < 0 ? shrunkBy(-grown, before, leaving, bound) : grownBy(grown, was, placement)
  const moving = places.some((place) => at(meant, place) < at(bound, place))
  for (const place of new Set([...places, ...meant.keys()])) {
    const units = at(is, place)
    const one = at(meant, place)
    const other = moving ? at(bound, place) : one
    if (units >= Math.min(one, other) && units <= Math.max(one, other)) continue
    throw new AuditFailure(
      `${names(was)} were allocated, ${names(bound)} are bound and ${order.open} open: expected ${names(meant)}, got ${names(is)}`
    )
  }
  if (moving) return "units moved to where they are bound"
  return grown < 0 ? "units left" : grown > 0 ? "units allocated" : "units stayed"
}
