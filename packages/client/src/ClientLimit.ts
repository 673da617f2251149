/** Every limit of the client, each with its reason. Durations are milliseconds. */

/** How long a call goes on trying unless it is told otherwise: a restart of a server takes a second or two. */
export const deadlineMillisDefault = 10_000

/** How long one attempt waits for its answer. The servers answer within tens of milliseconds; a leader election takes a second. */
export const attemptMillis = 2_000

/** No attempt is begun with less time than this for its answer: it would only turn a certain answer into an unknown one. */
export const attemptMillisMin = 100

/** Wait before the second attempt, doubled up to the second while nothing gets through. */
export const retryMillis = 50
export const retryMillisMax = 1_000

/** Wait before a watch that lost its consumer makes a new one, doubled up to the second. */
export const rewatchMillis = 100
export const rewatchMillisMax = 2_000

/** Announcements asked for at a time: a whole range of SKUs comes in some round trips, and little waits in memory. */
export const pullMax = 500

/** Without a sign of life from the server for two of these a watch makes a new consumer. */
export const heartbeatMillis = 1_000

/** Between two attempts to reach a server that went away. */
export const reconnectMillis = 250
