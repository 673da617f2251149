/** The limits of outbound, each with its reason. Durations are milliseconds. */

/** Messages asked for at once: at 500 per second a second's worth, and a start reads 100,000 SKUs in seconds. */
export const pullMax = 500

/** First and longest pause before the consumer is made anew. */
export const restartMillis = 100
export const restartMillisMax = 5_000

/** Attempts, a second apart, to read what channels confirmed before the start fails: a database may start later than we. */
export const loadAttemptsMax = 30

/** Pause between two looks at what an operator changed: it takes effect within a second, and costs a small query each time. */
export const followMillis = 250

/** Pause before a component of a bundle is looked up again. */
export const lookUpRetryMillis = 1_000

/** Pause between two looks at how far orders of channels were seen: a raise waits that much longer, and channels are asked less often. */
export const orderCursorMillis = 1_000

/**
 * How long after it was read a cursor counts: an order that was stored is announced within a tenth of a second, and within this after a
 * restart of its partition. A raise can wait that long.
 */
export const orderCursorSettleMillis = 2_000

/** Announcements that are still to be read, above which what was stored before may not have been told yet: what one pull brings. */
export const currentBacklogMax = 500
