/**
 * What a channel admits beside so many requests per second: limits of several kinds, all of which must admit a call.
 *
 * Guarantee: a decoded limit admits a call with one item at some time. It only describes: whoever calls a channel keeps to it.
 */
import { Schema } from "effect"
import { TimeZone } from "./TimeZone.ts"
import { limitWindowMillisMax } from "./Limit.ts"
import { wholeFrom } from "./WholeNumber.ts"

const count = wholeFrom(1, 1_000_000_000)
const windowMillis = wholeFrom(1, limitWindowMillisMax)
const positive = Schema.Number.check(Schema.isGreaterThan(0))

/** Over any span of `windowMillis` milliseconds at most `max` requests: 5,000 per day, 150 per 30 s. */
const RequestLimit = Schema.Struct({ kind: Schema.Literal("requests"), max: count, windowMillis })

/** The same for items, however many of them go in one request: 2,000 updates per minute. */
const ItemLimit = Schema.Struct({ kind: Schema.Literal("items"), max: count, windowMillis })

/** A bucket of points, of which every call takes some. */
const CostLimit = Schema.Struct({
  kind: Schema.Literal("cost"),
  /** points that the bucket holds */
  bucket: positive,
  restorePerSecond: positive,
  /** points of a call, and of each of its items; 0 when absent, but one of them is there */
  perRequest: Schema.optionalKey(positive),
  perItem: Schema.optionalKey(positive)
}).check(
  Schema.makeFilter(({ bucket, perRequest = 0, perItem = 0 }) => {
    if (perRequest + perItem === 0) return "must have perRequest, perItem or both"
    return perRequest + perItem <= bucket
      ? undefined
      : `has a bucket of ${bucket} points, and one item costs ${perRequest + perItem}: it must hold that many`
  })
)

/** So often at most one listing may be written: per calendar day of a time zone, or over any 24 hours. */
const ListingDayLimit = Schema.Struct({
  kind: Schema.Literal("listingDay"),
  max: wholeFrom(1, 1_000_000),
  /** its days count; any 24 hours when absent */
  timeZone: Schema.optionalKey(TimeZone)
})

export const RateLimit = Schema.Union([RequestLimit, ItemLimit, CostLimit, ListingDayLimit])
export type RateLimit = typeof RateLimit.Type
