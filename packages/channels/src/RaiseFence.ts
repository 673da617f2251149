/**
 * Which raises may go: none over an order of the channel that we have not seen.
 *
 * A raise of what the channel shows goes only when all orders that were placed there before it was raised have been seen. So it waits for
 * the channel's cursor to pass the moment at which it came to us, which is later than every event that is in it. What was raised again
 * meanwhile waits by itself: what is covered goes, as the least since then, so that a listing that rises all the time is not held for ever.
 * Guarantee: pure; falls and zeroes never wait. What the channel may show is the least of what it confirmed and of a write of unknown
 * fate; of a listing of which nothing is known it is none. Without a cursor nothing waits. It does not see orders that are placed after
 * that moment: compare-and-set does, where the channel has it.
 */
import type { Listing } from "./Listing.ts"

/** An order of the channel may be unseen; or its deadlines are at risk, and only falls go. */
export type RaiseHeldBecause = "unseenOrders" | "ladder"

/** A quantity that is to be told, and the version that it speaks for. */
export interface Allowed {
  readonly quantity: number
  readonly version: number
}

/** A raise that was not told yet. Times are milliseconds since the epoch. */
export interface Raise {
  /** when it came, and the least quantity since then with its newest version */
  readonly at: number
  readonly units: number
  readonly version: number
  /** when it was last raised further */
  readonly lastAt: number
  /** the quantity then, or what it has fallen to since */
  readonly last: number
}

/** Units that the channel may show, at least. */
const shownLeast = ({ told = 0, unresolved }: Listing): number => Math.min(told, unresolved?.quantity ?? told)

export const isRaise = (listing: Listing): boolean => listing.wanted > shownLeast(listing)

/** Takes note of what is wanted now. To be called whenever that, or what the channel shows, may be another one. */
export const noteRaise = (listing: Listing, now: number): void => {
  const { raise, wanted } = listing
  const least = shownLeast(listing)
  if (wanted <= least) listing.raise = undefined
  else if (raise === undefined || !isNoted(raise, listing, least)) listing.raise = noted(raise, listing, least, now)
}

const isNoted = ({ last, units, version }: Raise, { wanted, version: newest }: Listing, least: number): boolean =>
  last === wanted && units > least && (wanted > units || version === newest)

const noted = (raise: Raise | undefined, { version, wanted }: Listing, least: number, now: number): Raise => {
  if (raise === undefined) return { at: now, units: wanted, version, lastAt: now, last: wanted }
  const lastAt = wanted > raise.last ? now : raise.lastAt
  const covered = wanted <= raise.units ? { units: wanted, version } : { units: raise.units, version: raise.version }
  // what was covered is told: the rest is a raise of its own
  if (covered.units <= least) return { at: lastAt, units: wanted, version, lastAt, last: wanted }
  return { at: raise.at, ...covered, lastAt, last: wanted }
}

/**
 * What may be told of the listing now; undefined: nothing.
 * @param seenUntil milliseconds since the epoch: every order placed at the channel before was seen; undefined: it has no cursor
 */
export const allowed = (listing: Listing, seenUntil: number | undefined): Allowed | undefined => {
  const { raise, version, wanted } = listing
  if (seenUntil === undefined || raise === undefined || raise.lastAt <= seenUntil) return { quantity: wanted, version }
  return raise.at <= seenUntil ? { quantity: raise.units, version: raise.version } : undefined
}
