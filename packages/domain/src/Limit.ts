/**
 * Every limit of the stock model, each with its reason. Nothing in the pipeline is unbounded: what exceeds a limit is
 * refused by name or parked, never truncated.
 *
 * Quantities are units, lengths are UTF-8 bytes, durations are milliseconds.
 */

/** UTF-8 bytes of an id, SKU, location or channel. It becomes one NATS subject token and part of btree keys. */
export const idBytesMax = 128

/** UTF-8 bytes of one event's payload. An order of a thousand lines takes about 60 KiB. */
export const payloadBytesMax = 256 * 1024

/** Lines of one event. The largest invoice of the sample retailer has 1,114 lines over a year, 600 in one month. */
export const linesMax = 2_000

/** Units of one line. Far above any real order line, far below where sums of lines could leave the safe range. */
export const lineQuantityMax = 1_000_000

/** Units of one quantity of one location: the column is a 32-bit integer. */
export const levelQuantityMax = 2_000_000_000

/** UTF-8 bytes of a free text such as a reason or reference. It is shown to people in one line. */
export const noteBytesMax = 256

/** Depth of nesting that a payload may have. Events are two levels deep; a parser must not be made to recurse. */
export const payloadDepthMax = 16

/** Milliseconds a hold may live. Longer claims are orders. */
export const holdTtlMillisMax = 24 * 60 * 60 * 1000

/** Milliseconds a hold must live at least: below a round trip it would be dead on arrival. */
export const holdTtlMillisMin = 100

/** Milliseconds a hold lives when the request does not say: a typical checkout. */
export const holdTtlMillisDefault = 10 * 60 * 1000

/** Lines of one reservation: a large basket. Each is a decision of its own SKU, and all of them are waited for. */
export const reserveLinesMax = 100

/**
 * An event older than this when it is stored is late or historical: its latency budget then starts when it was stored,
 * since no pipeline can make up for the time before it heard of it.
 */
export const lateEventMillis = 5 * 60 * 1000

/** Partitions of the stock. Fixed for the life of the STOCK stream; large, since changing it means draining. */
export const partitions = 64

/** Placements, and cancellations, that one order's line remembers by their time; above it the oldest two are summed. */
export const orderEntriesMax = 64

/** Channels with an allotment of one SKU: each ledger row of such a SKU says them all, and an announcement too. */
export const allotmentsMax = 32

/** Parts of a full physical inventory: with the lines of one event that is a location of two million SKUs. */
export const countPartsMax = 1_000

/** Milliseconds that changes may collect for a channel that hears nearly in real time. Longer is a schedule. */
export const nearRealtimeWindowMillisMax = 10 * 60_000

/** Milliseconds from one scheduled run to the next: a run shorter than a second is near real time, and a week is the longest budget. */
export const scheduleIntervalMillisMin = 1_000
export const scheduleIntervalMillisMax = 7 * 24 * 60 * 60_000

/** Components of one bundle. A gift hamper has twenty; each is a demand of its own, and is waited for. */
export const bundleComponentsMax = 50

/** Rows of one answer about a SKU's history, and where the request does not say: the most, with the longest ids and notes, stay below
 * the megabyte that a NATS message may have; fifty are what a person looks at. */
export const historyRowsMax = 200
export const historyRowsDefault = 50

/** Longest window of a channel's limit: quotas by the month are the longest that channels state. */
export const limitWindowMillisMax = 31 * 24 * 60 * 60 * 1000

/** Limits of one channel: each is asked before every call. No channel states more than four. */
export const rateLimitsMax = 16
