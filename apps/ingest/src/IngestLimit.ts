/** Every limit of ingest, each with its reason. Durations are milliseconds. */

/** Facts of one atomic batch; the server's limit is 1,000. Throughput is flat above, while latency keeps growing. */
export const batchFactsMax = 500

/** Events that are parked in one insert. */
export const parkRowsMax = 256

/** Bytes of events that are parked in one insert: a stored message may have a megabyte. */
export const parkBytesMax = 8 * 1024 * 1024

/** Messages asked from EVENTS at a time. They wait in memory while a batch is under way. */
export const pullMax = 1_000

/** Wait before ingest starts again after an error, doubled up to the second while nothing gets through. */
export const restartMillis = 100
export const restartMillisMax = 2_000
