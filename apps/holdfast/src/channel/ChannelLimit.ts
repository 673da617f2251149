/** The limits of channel changes, each with its reason. */

/** Bytes of a request: a definition with a cost table of a thousand destinations. */
export const requestBytesMax = 256 * 1024

/** Changes of a channel that are listed at once: years of them. */
export const historyMax = 1_000

/** SKUs that one release may name: more are all that wait, or a file of the caller's. */
export const releaseSkusMax = 10_000

/** Rows of a difference that a terminal shows; `--json` has all. */
export const differencesShownMax = 50
