/**
 * What a publisher says of an event, as types that follow `EventManifest`: ids are plain text, quantities are whole units,
 * times are `Date` or RFC 3339 text.
 */
import type { EventManifest } from "@holdfast/domain/EventManifest"
import type { StockEventType } from "@holdfast/domain/StockEvent"

export type { StockEventType } from "@holdfast/domain/StockEvent"

/** A time is written as text or a number; nothing else in an event is. */
type Written<T> = [string | number] extends [T]
  ? Date | string
  : T extends string | number | boolean
    ? T
    : T extends ReadonlyArray<infer Item>
      ? ReadonlyArray<Written<Item>>
      : { readonly [K in keyof T]: Written<T[K]> }

/** The data of an event of this type. */
export type EventData<T extends StockEventType> = Written<(typeof EventManifest)[T]["Encoded"]>
