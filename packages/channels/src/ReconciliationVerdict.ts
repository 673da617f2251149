/**
 * What a listing that was read back says: it agrees, it differs in one of three ways, or it cannot be compared.
 *
 * Guarantee: pure. It is compared with what the channel last confirmed, not with what it is to show now; and only when the
 * reading can have seen nothing else: no call about the listing under way or of unknown fate, its last one settled before the
 * reading began, and none begun until it ended.
 */
import type { Listing } from "./Listing.ts"

/**
 * `agrees`: it shows what it confirmed. `lost`: it shows what it did before, so that a confirmed write is not there.
 * `externalEdit`: it shows a quantity that it was told neither last nor before. `mapping`: it does not list it. `inFlight`: not
 * comparable yet. `unknown`: it could not be read.
 */
export type Verdict = "agrees" | "inFlight" | "lost" | "externalEdit" | "mapping" | "unknown"

export type Discrepancy = "lost" | "externalEdit" | "mapping"

/** What a reading that began is compared with. */
export interface Expectation {
  readonly listing: Listing
  /** units that the channel confirmed last */
  readonly should: number
  /** the other units that it confirmed before */
  readonly before: number | undefined
  /** when it confirmed them, milliseconds since the epoch */
  readonly since: number
  /** when the last call about it ended */
  readonly touchedAt: number
}

/** Whether there is anything to compare with: what a process before this one noted is none until its stock is offered. */
export const isConfirmed = (listing: Listing): boolean => listing.confirmed !== undefined && !listing.restored

const isAtRest = ({ place, unresolved, suspect }: Listing): boolean =>
  place !== "inFlight" && unresolved === undefined && !suspect

/**
 * What a reading that begins now would be compared with; undefined: not comparable now.
 * @param settleMillis until a write has surely landed
 */
export const expectationOf = (listing: Listing, now: number, settleMillis: number): Expectation | undefined => {
  const { confirmed, confirmedAt, before, touchedAt } = listing
  if (confirmed === undefined || !isConfirmed(listing) || !isAtRest(listing)) return undefined
  // a reading in the same millisecond could be either before or after
  if (touchedAt + Math.max(1, settleMillis) > now) return undefined
  return { listing, should: confirmed, before, since: confirmedAt, touchedAt }
}

/** Whether no call about the listing began or ended since the reading did, and it is expected to show the same. */
export const stillHolds = ({ listing, should, touchedAt }: Expectation): boolean =>
  isAtRest(listing) && listing.touchedAt === touchedAt && listing.confirmed === should

/** @param shown units; undefined: the channel does not list it */
export const verdictOf = (expectation: Expectation, shown: number | undefined): "agrees" | "inFlight" | Discrepancy => {
  if (!stillHolds(expectation)) return "inFlight"
  if (shown === expectation.should) return "agrees"
  if (shown === undefined) return "mapping"
  return shown === expectation.before ? "lost" : "externalEdit"
}
