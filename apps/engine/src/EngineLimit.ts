/**
 * Every limit of the engine, each with its reason. Durations are milliseconds.
 */

/**
 * Commit lanes: each has one transaction in flight and reads the next batch meanwhile. Two keep PostgreSQL busy on two cores
 * (10 % more than one when catching up); more only contend.
 */
export const lanes = 2

/** Between the beginnings of two batches of a lane, and of two publishes of announcements. See `Pace`. */
export const commitPaceMillis = 8
export const announcePaceMillis = 8

/** Messages decided into one commit. Throughput flattens above 512 while latency keeps growing. */
export const batchMax = 512

/**
 * Facts of one partition that wait for a decision, give or take a message of STOCK; its consumer pauses above. 64 partitions
 * then have two batches' worth: what waits longer only grows old in memory.
 */
export const inboxMax = 16

/** Requests of one partition that wait beside them: every client of a hot SKU has one, and waiting beats `busy`. */
export const requestsMax = 4_096

/** The consumer goes on when its partition's inbox has shrunk to this. */
export const inboxResume = 8

/** Messages a partition's consumer asks for at a time; each holds up to 128 facts. */
export const pullMax = 12

/** SKUs kept in memory over all partitions; the least recently used are passivated above. About 1.5 KB each. */
export const residentSkusMax = 160_000

/**
 * Answers a partition remembers per generation, two generations: more than can be between a look-up and its commit, so that a
 * repetition inside that window is seen although the database does not know it yet.
 */
export const recentAnswersMax = 2 * batchMax

/** How often due holds are looked for. Decisions do not depend on it: expiry is decided when a SKU is touched. */
export const sweepMillis = 500

/** SKUs with due holds that one sweep wakes. */
export const sweepSkusMax = 1_000

/** What a client is told to wait when its partition is full or changing hands. */
export const busyRetryMillis = 100

/** Announcements published between two acknowledgements. */
export const announceBatchMax = 500

/**
 * How long events waited at the front door or in STOCK from which on their announcements are gathered: what they say is late
 * already, and about to change again.
 */
export const catchUpAgeMillis = 2_000

/** How long announcements are gathered while catching up. */
export const catchUpGatherMillis = 2_000

/** Messages committed one by one after the database rejected a batch, to find the one that it rejects. */
export const cautiousMessages = 2 * batchMax

/** Bytes of a request's payload: 100 lines of the longest ids, and some. */
export const requestBytesMax = 32 * 1024

/** Lines of one reservation once its bundles are their components: ten times a large basket, all of which are waited for. */
export const reserveSkusMax = 500

/** Between the beginnings of two writes of groups of holds, and of two reads. See `Pace`. */
export const groupPaceMillis = 8

/** Groups in one write or read: a lane's batch of lines is 512, and a group has several. */
export const groupBatchMax = 256

/** Times that a line whose partition is full or changing hands is asked again, `busyRetryMillis` apart: a restart takes about a second. */
export const lineRetriesMax = 20

/** Times that a group is looked at anew because somebody else wrote to it meanwhile. */
export const groupTurnsMax = 5

/** Groups that one sweep settles at a time. */
export const sweepGroupsMax = 200

/** Milliseconds before a publish of announcements that failed is tried again. */
export const announceRetryMillis = 250

/** Milliseconds between attempts to own a partition again, doubled up to the second. */
export const ownRetryMillis = 100
export const ownRetryMillisMax = 2_000

/** Milliseconds that a partition was served for after which its loss is a new one: the pauses begin anew. */
export const ownSteadyMillis = 10_000

/** Between two looks at whether a channel was changed: its orders are served from elsewhere within a second. */
export const followSourcesMillis = 500

/** Questions about histories that read at a time: each takes a connection of the pool that commits need, and a long one for a second. */
export const historiesMax = 2
