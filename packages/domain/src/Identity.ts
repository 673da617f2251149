/**
 * The names of things: SKUs, locations, channels, orders, events, reservations.
 *
 * Guarantee: an accepted id is 1 to 128 bytes of well-formed text without control characters, and is compared byte by
 * byte: no trimming, no case folding, no Unicode normalisation. It does not say whether the thing exists.
 */
import { Schema } from "effect"
import { idBytesMax, noteBytesMax } from "./Limit.ts"

/** UTF-8 length in bytes of well-formed text, without allocating. */
export const utf8Bytes = (text: string): number => {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) bytes += 1
    else if (code < 0x800) bytes += 2
    else if (code >= 0xd800 && code <= 0xdbff) {
      bytes += 4
      i++
    } else bytes += 3
  }
  return bytes
}

const hasControlCharacter = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true
  }
  return false
}

const textUpTo = (bytesMax: number) => (text: string) => {
  if (text.length === 0) return "must not be empty"
  if (!text.isWellFormed()) return "must be well-formed Unicode"
  if (hasControlCharacter(text)) return "must not contain control characters"
  return utf8Bytes(text) <= bytesMax ? undefined : `must be at most ${bytesMax} bytes, got ${utf8Bytes(text)}`
}

const Id = Schema.String.check(Schema.makeFilter(textUpTo(idBytesMax)))

export const Sku = Id.pipe(Schema.brand("Sku"))
export type Sku = typeof Sku.Type

export const LocationId = Id.pipe(Schema.brand("LocationId"))
export type LocationId = typeof LocationId.Type

export const ChannelId = Id.pipe(Schema.brand("ChannelId"))
export type ChannelId = typeof ChannelId.Type

export const OrderId = Id.pipe(Schema.brand("OrderId"))
export type OrderId = typeof OrderId.Type

/** A shipment, transfer, purchase, return or count, as the system that keeps it calls it. */
export const DocumentId = Id.pipe(Schema.brand("DocumentId"))
export type DocumentId = typeof DocumentId.Type

/** Unique within its source, chosen by the publisher: a repeated id is the same event. */
export const EventId = Id.pipe(Schema.brand("EventId"))
export type EventId = typeof EventId.Type

/** Which system emitted an event: the CloudEvents `source`. */
export const EventSource = Id.pipe(Schema.brand("EventSource"))
export type EventSource = typeof EventSource.Type

export const ReservationId = Id.pipe(Schema.brand("ReservationId"))
export type ReservationId = typeof ReservationId.Type

/** The client's own name for one request: the same key means the same request. */
export const IdempotencyKey = Id.pipe(Schema.brand("IdempotencyKey"))
export type IdempotencyKey = typeof IdempotencyKey.Type

/** A short text for people: a reason, a reference, a name. */
export const Note = Schema.String.check(Schema.makeFilter(textUpTo(noteBytesMax)))

/** The location of lines that name none: a business with one warehouse never has to say so. */
export const defaultLocation: LocationId = LocationId.make("main")

/** Where facts name one thing differently: the first by name, whichever was heard of first. */
export const firstByName = <Name extends string>(one: Name, other: Name): Name => (other < one ? other : one)
