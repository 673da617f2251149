/** A clock that all processes of one machine share, so that a latency may begin in one and end in another. */

/** Milliseconds since an arbitrary moment, with fractions. Never goes back. */
export const monotonicMillis = (): number => Number(process.hrtime.bigint()) / 1e6
