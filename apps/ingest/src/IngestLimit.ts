/** Every limit of ingest, each with its reason. Durations are milliseconds. */

/**
 * Facts published between two acknowledgements: about 30 to a partition's message. Only what has to be caught up with fills
 * a batch; throughput is flat above.
 */
export const batchFactsMax = 2_000

/** Between the beginnings of two batches, see `Pace`. At 500 events/s it spares a quarter of the work of the whole way. */
export const batchPaceMillis = 6

/** Facts that wait while a batch is under way: two batches, so that decoding goes on while the broker is the slower one. */
export const waitingFactsMax = 2 * batchFactsMax

/** Events that are parked in one insert. */
export const parkRowsMax = 256

/** Bytes of events that are parked in one insert: a stored message may have a megabyte. */
export const parkBytesMax = 8 * 1024 * 1024

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
