/** What an output stream counts, from the start of the process. Offers and pushes are counted per listing. */

export interface OutputCounts {
  offers: number
  /** offers of a version that was not newer than the newest seen */
  ignored: number
  /** offers that took the place of one that had not left yet */
  coalesced: number
  /** scheduled runs that were begun */
  runs: number
  /** writes that left */
  pushes: number
  applied: number
  /** writes that left again after a failure */
  retries: number
  readBacks: number
  throttled: number
  stale: number
  rejected: number
  transient: number
  unknown: number
  blocked: number
  /** listings that showed something else than was confirmed */
  healed: number
}

export const zeroCounts = (): OutputCounts => ({
  offers: 0,
  ignored: 0,
  coalesced: 0,
  runs: 0,
  pushes: 0,
  applied: 0,
  retries: 0,
  readBacks: 0,
  throttled: 0,
  stale: 0,
  rejected: 0,
  transient: 0,
  unknown: 0,
  blocked: 0,
  healed: 0
})
