/** Every limit of ingest, each with its reason. Durations are milliseconds. */

/**
 * Facts published between two acknowledgements: about 30 to a partition's message. Only what has to be caught up with fills
 * a batch; throughput is flat above. Not below `linesMax`: an event that was completed from its order must fit into one.
 */
export const batchFactsMax = 2_000

/** Between the beginnings of two batches, see `Pace`. At 500 events/s it spares a quarter of the work of the whole way. */
export const batchPaceMillis = 6

/** Facts that wait while a batch is under way: two batches, so that decoding goes on while the broker is the slower one. */
export const waitingFactsMax = 2 * batchFactsMax

/** Events without lines whose orders are looked up at once: each may have 2,000 SKUs, whose dedup ids are computed. */
export const askedEventsMax = 64

/**
 * SKUs of orders that are remembered until the engine has committed them, and messages of STOCK that they are in: ten seconds
 * of 500 events/s, as a partition that starts anew may take. When the engine is further behind, an event without lines waits
 * for it, which delays nothing: the engine still has half of this to do. Ten times as many cost 1 us more per event.
 */
export const windowMax = 10_000

/** Messages of STOCK that are read again for what the engine has not committed: about a second. */
export const restoredMessagesMax = 20_000

/** How long one answer to that reading is waited for before ingest starts again. */
export const restoreMillis = 5_000

/** Between two looks at how far the engine is, while little is remembered. */
export const evictMillis = 1_000

/** SKUs since the last look that make it look again, and how soon at most: memory that is let go of early costs least. */
export const evictSkus = 2_000
export const evictMillisMin = 100

/** Between two looks while an event without lines waits for the engine. */
export const engineLookMillis = 20

/** How long such an event waits for the engine before ingest says so and starts again. */
export const engineWaitMillis = 10_000

/** Events waiting for their order that are known by their order's id: about 20 MB. The others are found by looking. */
export const waitingKnownMax = 100_000

/** Waiting events that are read at once. */
export const waitingPageRows = 200

/**
 * Between two looks through all events that wait for their order, doubled up to the second: an order may have become known
 * while nobody listened, as when ingest was killed between an order and what waited for it.
 */
export const waitingLookMillis = 1_000
export const waitingLookMillisMax = 60_000

/** Wait before waiting events are replayed again after an error. */
export const replayRetryMillis = 1_000

/** Events that are parked in one insert. */
export const parkRowsMax = 256

/** Bytes of events that are parked in one insert: a stored message may have a megabyte. */
export const parkBytesMax = 8 * 1024 * 1024

/** Bundles whose components are stored in one insert, give or take an event. */
export const definitionRowsMax = 2_000

/** Messages asked from EVENTS at a time. They wait in memory while a batch is under way. */
export const pullMax = 2_000

/** Messages at the end of STOCK that somebody else may have written before ingest reads everything in EVENTS again. */
export const foreignMessagesMax = 256

/** Wait before ingest starts again after an error, doubled up to the second while nothing gets through. */
export const restartMillis = 100
export const restartMillisMax = 2_000

/** Lines of one HTTP request. All answers may have to wait in memory until the client has sent its last line. */
export const requestLinesMax = 50_000

/** Field errors in one HTTP answer: somebody is going to read them. */
export const answeredErrorsMax = 20

/** How long the broker's acknowledgement of an event is waited for before the client is told to send it again. */
export const acknowledgeMillis = 5_000

/** Seconds that a client is told to wait when the broker does not answer. */
export const retryAfterSeconds = 1

/** How long a health check waits for NATS and for PostgreSQL. */
export const healthMillis = 1_000

/** Parked messages of one page. */
export const parkedPageMax = 1_000

/** How old the definitions of channels that call us may be: a change counts within a second, and a call costs no query. */
export const channelsFreshMillis = 1_000

/** First and longest pause before a channel that could not be asked for its orders is asked again: orders oversell while unheard. */
export const pollRetryMillis = 500
export const pollRetryMillisMax = 30_000

/** Longest pause that such a channel can ask for. Beyond it a mistake is likelier than a wish. */
export const pollRetryAfterMillisMax = 60 * 60 * 1000

/** Events of one channel that are remembered as stored: pages overlap by seconds. A megabyte or two. */
export const pollRememberedMax = 10_000
