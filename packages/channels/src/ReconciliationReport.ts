/** What a reconciliation says of itself: counts with their denominator, and the worst listings. Plain data, JSON-safe. Pure. */
import type { ChannelId, Sku } from "@holdfast/domain/Identity"
import { reconcileStopMin, worstListingsMax } from "./ChannelLimit.ts"
import type { Discrepancy, Verdict } from "./ReconciliationVerdict.ts"

/** One listing that differs. */
export interface ListingDiscrepancy {
  readonly sku: Sku
  readonly verdict: Discrepancy
  /** units that the channel shows; null: it does not list it */
  readonly shown: number | null
  /** units that it confirmed */
  readonly should: number
  /** when it confirmed them, milliseconds since the epoch */
  readonly since: number
}

/** Who wants it, and what is to be done with what differs. */
export interface ReconciliationRequest {
  /** a person, or `schedule` */
  readonly by: string
  readonly reason?: string
  /** `below`: repaired unless too large a share differs; `all`: whatever the share; `none`: only said */
  readonly heal: "below" | "all" | "none"
}

/** Times are milliseconds since the epoch. */
export interface ReconciliationReport extends ReconciliationRequest {
  readonly channel: ChannelId
  readonly begunAt: number
  /** undefined while it runs */
  readonly endedAt: number | undefined
  /** listings with a quantity to compare with, and those of which the channel has confirmed none */
  readonly listings: number
  readonly unconfirmed: number
  /** the denominator: listings that agree or differ */
  readonly compared: number
  readonly discrepancies: number
  /** `discrepancies / compared`; undefined when none was compared */
  readonly rate: number | undefined
  readonly counts: Readonly<Record<Verdict, number>>
  /** requests that it took */
  readonly reads: number
  /** why the channel could not be read, the last time it could not */
  readonly detail: string | undefined
  readonly stopAbove: number
  /** a larger share differs: nothing was repaired */
  readonly stopped: boolean
  /** listings that were given back to the output stream to be told again */
  readonly healed: number
  /** those that show too many units first, the most of them first */
  readonly worst: ReadonlyArray<ListingDiscrepancy>
}

export const zeroVerdicts = (): Record<Verdict, number> => ({
  agrees: 0,
  inFlight: 0,
  lost: 0,
  externalEdit: 0,
  mapping: 0,
  unknown: 0
})

export const comparedOf = (counts: Readonly<Record<Verdict, number>>) => {
  const discrepancies = counts.lost + counts.externalEdit + counts.mapping
  const compared = counts.agrees + discrepancies
  return { compared, discrepancies, rate: compared === 0 ? undefined : discrepancies / compared }
}

/** Whether so many differ that something else is wrong: another shop, another writer. */
export const mustStop = (counts: Readonly<Record<Verdict, number>>, stopAbove: number): boolean => {
  const { discrepancies, rate } = comparedOf(counts)
  return discrepancies >= reconcileStopMin && rate !== undefined && rate > stopAbove
}

/** Units that may be sold though they are not there; negative: units that are not offered. */
const surplusOf = ({ shown, should }: ListingDiscrepancy): number => (shown ?? 0) - should

const badness = (each: ListingDiscrepancy): readonly [number, number] => {
  const surplus = surplusOf(each)
  return [surplus > 0 ? 1 : 0, Math.abs(surplus)]
}

export const worstOf = (discrepancies: ReadonlyArray<ListingDiscrepancy>): ReadonlyArray<ListingDiscrepancy> =>
  discrepancies
    .toSorted((a, b) => {
      const [over, units] = badness(a)
      const [otherOver, otherUnits] = badness(b)
      return otherOver - over || otherUnits - units || (a.sku < b.sku ? -1 : 1)
    })
    .slice(0, worstListingsMax)
