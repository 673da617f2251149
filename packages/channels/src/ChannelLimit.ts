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

/** Share of a settle time that what was accepted waits for company, where a channel reads back several at once: requests are scarce. */
export const gatherShare = 1 / 8

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

/** Listings of one query to Amazon: the longest page and the most identifiers that its search takes. */
export const amazonReadMax = 20

/** After so long what Amazon accepted is looked for: mostly seconds; a write that is looked for too early is told again, harmlessly. */
export const amazonSettleMillis = 30_000

/** An access token this close to its end is not used: a request may take that long on its way. */
export const amazonTokenMarginMillis = 60_000

/** Orders of one page from Amazon: the longest that it gives, since requests are scarce. */
export const amazonOrdersMax = 100

/** Bytes read of a page of orders: 80 KiB for each of them, some forty lines with all their prices. */
export const amazonOrdersBytesMax = 8 * 1024 * 1024

/** How far pages of orders reach back behind what was heard: one that Amazon finds late is heard all the same. */
export const amazonOverlapMillis = 5 * 60 * 1000

/** How far back Amazon is asked for open orders the first time: an older one that is still open is late beyond any promise. */
export const amazonOpenOrdersMillis = 30 * 24 * 60 * 60 * 1000

/** Pause of a poll of orders that Amazon refused without naming one: its default rate is 0.0056 requests a second. */
export const amazonOrdersPauseMillis = 180_000

/**
 * Items of one write to Vendure: it takes them one by one in one transaction, 20 to 40 ms each on a busy machine, and what becomes urgent
 * meanwhile waits for it.
 */
export const vendureBatchMax = 50

/** Bytes read of an answer of Vendure: a page of orders of hundreds of lines each. */
export const vendureAnswerBytesMax = 8 * 1024 * 1024

/** Orders of one page of Vendure: with their lines a second of its work at most. */
export const vendureOrdersMax = 50

/**
 * How far pages of Vendure's orders reach back behind its clock: an order bears the time at which its transaction began, and is seen when
 * that ends. Whoever asked for a longer one has given up.
 */
export const vendureOverlapMillis = 30_000

/**
 * Events about an order this long after they happened are not told again as sums: the ledger looks for a repetition 16 days back.
 */
export const vendureRetoldMillis = 14 * 24 * 60 * 60 * 1000

/** Items of one file over SFTP: some 200 KB, written in less than a second over any line. */
export const sftpBatchMax = 5_000

/** Files whose number is remembered, so that the same push again is the same file: as many as may be of unknown fate at once, and more. */
export const filesRememberedMax = 16

/**
 * Seconds that file numbers may run ahead of the clock, one for each file: a burst. A process that starts anew within them, when the files
 * are cleared away already, may give a number a second time.
 */
export const fileNumbersAheadMax = 60

/** Pause of pushes over SFTP when file numbers run ahead. */
export const fileNumbersPauseMillis = 1_000

/** Milliseconds between two signs of life over SFTP, and how many may stay unanswered: firewalls forget idle connections after minutes. */
export const sftpKeepAliveMillis = 20_000
export const sftpKeepAlivesMax = 3

/** Bytes of a file that is read over SFTP: some 300,000 lines, which are held in memory at once. */
export const sftpFileBytesMax = 16 * 1024 * 1024

/** Events of one page of a file: what fails in between is told again from the page's beginning. */
export const filePageEventsMax = 500

/** Lines of one event that is made of consecutive lines of a file: with the longest names below what an event may have in bytes. */
export const fileEventLinesMax = 500

/** Characters of a line that cannot be read which are parked with its number: the file holds the rest. */
export const fileLineCharsMax = 1_000

/** Items of one batch to WooCommerce, and rows of one of its lists: the most that its API takes. */
export const wooCommerceBatchMax = 100

/**
 * Bytes read of an answer of WooCommerce: a batch is answered with whole products, descriptions and images included. Beyond it the
 * batch counts as unknown, and is read back.
 */
export const wooCommerceAnswerBytesMax = 8 * 1024 * 1024

/**
 * How long a lease of a budget that processes share lasts in the store: a restart of PostgreSQL takes less, and what a process held
 * that was killed comes back after it.
 */
export const leaseMillis = 5_000

/** So much earlier its holder ends its use: what its clock may lose against the store's within one lease. */
export const leaseSlackMillis = 1_000

/** How often a process that spends tells what it spent: a statement a second. */
export const leaseReportMillis = 1_000

/** The same where windows are short: a tenth of the window, since what is not told in time counts that much longer; ten a second. */
export const leaseReportMillisMin = 100

/** Least pause between two exchanges of one process about one account. */
export const leasePauseMillis = 20

/** Pause before a process asks again for what others hold, or a store that does not answer. */
export const leaseRetryMillis = 250

/** The same for what was spent long ago: another process may have given some back meanwhile. */
export const leaseRetryMillisMax = 60_000

/** How far ahead a process leases of what it spends: two reports, so that a late one delays nothing. */
export const leaseAheadMillis = 2_000

/** Requests or items that are leased at once at least: what a killed process takes along of a day's budget. */
export const leaseAmountMin = 10

/** A process that called nobody for so long gives its leases back: its next call waits for the store once. */
export const leaseIdleMillis = 10_000

/** Where there are fewer tokens or calls at once than processes, each keeps one for so long. */
export const leaseTurnMillis = 1_000

/** An answer of the store that takes longer is given up: a second is left of the lease then. */
export const leaseAnswerMillis = 2_000

/** Windows and buckets that outlive a process: it is back within seconds. A shorter one is full again by then, or nearly. */
export const outlivesMillis = 60_000

/** How long other processes are told what a channel said of a budget whose end it does not name. */
export const spokenMillis = 60_000

/** Writes of a listing's day that are stored at once: what a killed process takes along, so that few writes wait for the store. */
export const daysAheadOf = (max: number): number => Math.max(1, Math.floor(max / 50))

/** When a listing whose next write is not stored is looked at again: it is as soon as that is stored, unless the store is away. */
export const dayStoreRetryMillis = 1_000

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
