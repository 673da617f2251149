/**
 * Every limit of the output streams, each with its reason. Durations are milliseconds.
 */

/** Events of one listing that are followed one by one; more only add to the weight of the last. Bounds memory and traces. */
export const pendingEventsMax = 256

/** An event this long past its deadline is given up on by itself: its trace is told. Its quantity keeps waiting. */
export const expireAfterMillis = 60_000

/** First and longest pause before one listing is tried again; the circuit breaker takes over when the whole channel ails. */
export const retryBaseMillis = 100
export const retryMaxMillis = 10_000

/** Consecutive failures that open the circuit: a tenth of failing calls does so once in 100,000. */
export const circuitThreshold = 5
export const circuitBaseMillis = 500
export const circuitMaxMillis = 15_000

/** Pause between probes of a channel that refuses our credentials: asking often may lock the account. */
export const blockedProbeMillis = 30_000

/** Longest pause that a channel can ask for. Beyond it a mistake is likelier than a wish. */
export const retryAfterMaxMillis = 60 * 60 * 1000

/** Pause of a throttled lane when the channel names none. */
export const throttleMillis = 1_000

/** Confirmed quantities wait this long for company before they are stored. A crash repeats those pushes, harmlessly. */
export const writeBackMillis = 100

/** Rows of one statement of the write-back. */
export const writeBackRowsMax = 1_000

/**
 * Entries of the history that wait for a store that is away, per channel: minutes at hundreds of pushes a second, in some 20 MB.
 * Beyond it the oldest are dropped, and the next entry of their listing says how many are missing.
 */
export const historyWaitingMax = 100_000

/** Characters kept of why a push was rejected: a channel chooses them. */
export const detailMax = 300

/** Bytes read of an answer. Ours are below one kilobyte; more is not meant for us. */
export const answerBytesMax = 64 * 1024

/** How much longer than its own timeout a connector may take before its answer is no longer waited for. */
export const connectorGraceMillis = 1_000

/**
 * How much earlier than its deadline tells the riskiest update goes: what is less risky waits so much longer at most. Two
 * budgets, so that it is late but not forgotten; at least so long that risk counts for something where budgets are short.
 */
export const ageingMillisOf = (budgetMillis: number): number => Math.max(10_000, 2 * budgetMillis)

/** Share of a channel's burst that is kept for updates to zero, so that one of them finds a request free at once. */
export const zeroShare = 0.2

/** Share of a channel's requests for what has waited too long, however many updates to zero jump the queue. */
export const agedShare = 0.2

/** Items of one write to Shopify: the longest array that its API takes. */
export const shopifyBatchMax = 250

/** Listings of one query to Shopify: some 400 points, and a query may cost 1,000. */
export const shopifyReadMax = 100

/** Bytes read of an answer of Shopify: 250 items, each with an error of its own. */
export const shopifyAnswerBytesMax = 256 * 1024
