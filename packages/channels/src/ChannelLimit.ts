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

/** How long a channel's lags are remembered, in six slots: an hour, so that one that hears every ten minutes has some. */
export const heardSlotMillis = 600_000

/** Between two looks at the lag, and at the listings whose buffer may have become another meanwhile. */
export const bufferReviewMillis = 10_000

/** Listings that are looked at then: milliseconds of work, and 100,000 come round in a quarter of an hour. */
export const bufferReviewListings = 1_000

/** A lag is another one when its median or its 97th percentile moved by this factor: below, it is the noise of an hour. */
export const lagFactor = 1.25

/** Share of a listing's buffer by which it must differ before it alone is a reason to tell the channel. */
export const bufferStep = 0.2

/** Share of a channel's burst that is kept for updates to zero, so that one of them finds a request free at once. */
export const zeroShare = 0.2

/** Share of a channel's requests for what has waited too long, however many updates to zero jump the queue. */
export const agedShare = 0.2

/** Of so many of a budget, those kept for updates to zero: one at least where that leaves another. */
export const keptOf = (max: number): number => (max < 2 ? 0 : Math.max(1, Math.floor(max * zeroShare)))

/** The last revisions of a listing's day that are kept for updates to zero: as often it may sell out and come back. */
export const listingKeptOf = (max: number): number => Math.min(10, keptOf(max))

/** Parts of a window that are told apart: up to one of them is given away so that the whole takes little memory. */
export const windowSlots = 100

/** The day of a listing that no time zone is named for: any 24 hours. */
export const dayMillis = 24 * 60 * 60 * 1000

/** The same for the rolling day of one listing, of which there are many: a quarter of an hour each. */
export const daySlots = 96

/**
 * Longest time that a channel's word of what is left is believed: a day's quota may be spent; beyond it a mistake is likelier.
 */
export const allowanceMaxMillis = 24 * 60 * 60 * 1000

/** Of a window whose end a channel does not name, the part after which it is asked again: an hour of a day. */
export const unknownResetShare = 1 / 24

/** How long a channel that shares an account is waited for when it is its turn: a busy process wakes it that late. */
export const turnPatienceMillis = 20

/** Windows of which a channel may say what is left: bounds memory whatever it says. No channel states more than three. */
export const allowancesMax = 8

/** Share of the compared listings that may differ before nothing is repaired, where the channel's definition says none. */
export const reconcileStopAbove = 0.05

/** Fewer listings that differ are repaired whatever share they are: of ten listings one edit is a tenth. */
export const reconcileStopMin = 3

/** A reconciliation that could compare nothing for so long ends: what is left is written too often, or cannot be read. */
export const reconcileStallMillis = 30_000

/**
 * So long, and the channel's settle time, a reconciliation waits for listings that are written to all the time: what the others
 * show is repaired at its end. Each write that is confirmed repairs its listing anyway.
 */
export const reconcilePatienceMillis = 5_000

/** Longest pause before a reconciliation looks again whether it may read. */
export const reconcileLookMillis = 50

/** Pause of a reconciliation when no listing is comparable: looking costs a pass over those that are left. */
export const reconcileSettleLookMillis = 250

/** Pause of a reconciliation after the channel could not be read, when it names none. Pushes do not wait for it. */
export const reconcileRetryMillis = 1_000

/** Listings that differ which a report names. */
export const worstListingsMax = 50

/** Longest sleep until a scheduled reconciliation: timers do not reach further than 24 days. */
export const reconcileSleepMillisMax = 60 * 60 * 1000

/** Items of one write to Shopify: the longest array that its API takes. */
export const shopifyBatchMax = 250

/** Listings of one query to Shopify: some 400 points, and a query may cost 1,000. */
export const shopifyReadMax = 100

/** Bytes read of an answer of Shopify: 250 items, each with an error of its own. */
export const shopifyAnswerBytesMax = 256 * 1024

/** What is due beside what the channel admits until then: above it a deadline is missed, so a rung is climbed. */
export const ladderClimbLoad = 1

/** Below it a rung is left: what leaving it lets go comes on top, and must not reach the other bound at once. */
export const ladderLeaveLoad = 0.5

/** Parts of a budget by which deadlines are told apart: the first has what is late already. */
export const ladderSlots = 8

/** How long a deadline is at risk before the next rung is climbed: a quarter of the budget, so that all are climbed about when it is over. */
export const ladderClimbMillisOf = (budgetMillis: number): number => Math.min(60_000, Math.max(1_000, budgetMillis / 4))

/** So many times longer none must be at risk before a rung is left: its effect has to be seen first. */
export const ladderLeaveTimes = 4

/** A rung that is climbed again within so many of these times was left too early: it is kept twice as long, so it cannot flap. */
export const ladderAgainTimes = 4

/** Most times by which a rung is kept longer: of a budget of seconds, minutes. */
export const ladderPatienceMax = 16

/** Looks before a rung may be climbed: one look alone may be a moment's chance. */
export const ladderLooks = 4

/** Weight of the newest look in the rate that a channel was seen to admit: one call a second is not none between two of them. */
export const admittedWeight = 0.1

/** Changes of rung that are remembered for the traces of what waited meanwhile: up the ladder and down, and once more. */
export const rungChangesMax = 24

/** Share of a budget for which a call waits to be full on the first rung: what is lost of the time is won in requests. */
export const fillShare = 0.1

/** Units expected to be oversold below which an update is safe: one in twenty such is wrong by a unit, if it is late by its ageing. */
export const safeUnits = 0.05

/** How much longer than without the ladder a safe update waits at most behind risky ones: as long as these age, and again. */
export const safeAgeingMillisOf = (budgetMillis: number): number => 2 * ageingMillisOf(budgetMillis)

/** Of a channel without a lag buffer of its own: the probability with which demand over the queue's lag may exceed what is kept. */
export const widerTarget = 0.01

/** The most that is kept for it, as a share of what is there, and one unit at least: a channel that shows nothing sells nothing. */
export const widerShare = 0.2

/** Share of a budget that the listings may take which are shown in full again: more would be the next overload. */
export const narrowShare = 0.25
