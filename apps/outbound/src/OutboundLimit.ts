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
