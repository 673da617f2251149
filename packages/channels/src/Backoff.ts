/**
 * How long to wait after the n-th failure in a row: exponential with full jitter, so that many listings that failed
 * together do not come back together.
 */

export interface BackoffPolicy {
  /** milliseconds */
  readonly base: number
  /** milliseconds */
  readonly max: number
}

/**
 * @param failures in a row, from 1
 * @param random from 0 to below 1
 * @returns whole milliseconds, 1 to `max`
 */
export const backoffMillis = (policy: BackoffPolicy, failures: number, random: number): number => {
  const ceiling = Math.min(policy.max, policy.base * 2 ** Math.min(failures - 1, 30))
  return 1 + Math.floor(random * ceiling)
}
