/**
 * How much less a listing shows because its channel's queue is long.
 *
 * Guarantee: pure; only what changes anyway is shown less of, and while what the channel shows lies between the wider buffer and the
 * usual one nothing is told: that saves the calls that are missing. Without demand nothing more is kept.
 */
import { lagBuffer } from "@holdfast/domain/LagBuffer"
import { demandAt } from "@holdfast/domain/OversellRisk"
import { widerShare, widerTarget } from "./ChannelLimit.ts"
import type { Listing } from "./Listing.ts"

/** Units that are kept of a listing of a channel without a lag buffer. @param seconds after which what is told now arrives */
export const widerUnits = (listing: Listing, now: number, seconds: number): number => {
  if (listing.demand === undefined || listing.saleable === 0) return 0
  const mean = demandAt(listing.demand, now)
  const cap = Math.max(1, Math.floor(listing.saleable * widerShare))
  return lagBuffer({ mean, variance: mean }, [{ seconds, share: 1 }], { target: widerTarget, cap }).units
}

/** @param usual units that it shows otherwise @param wide units with the wider buffer */
export const widened = ({ confirmed }: Listing, usual: number, wide: number): number =>
  confirmed !== undefined && confirmed >= wide && confirmed <= usual ? confirmed : Math.min(usual, wide)
