/**
 * Every NATS subject and header of Holdfast; nowhere else is one spelled.
 *
 * - `stock.events.<type>`: the front door, open to any publisher.
 * - `stock.facts.<0-63>`: facts of one partition, written by ingest only.
 * - `stock.availability.<sku>`: what is announced of a SKU.
 * - `stock.oversold.<sku>`: units were promised beyond what is there.
 * - `stock.reserve`, `stock.confirm`, `stock.history` and so on: request-reply.
 */
import { skuToken } from "@holdfast/domain/Partition"
import type { RequestVerb } from "@holdfast/domain/Reservation"

export const eventsPrefix = "stock.events."
export const allEvents = "stock.events.>"
export const eventSubject = (type: string): string => eventsPrefix + type

export const allFacts = "stock.facts.*"
export const factsPrefix = "stock.facts."
export const factSubject = (partition: number): string => factsPrefix + partition

export const allAvailability = "stock.availability.*"
export const availabilitySubject = (sku: string): string => `stock.availability.${skuToken(sku)}`

export const allNotices = "stock.oversold.*"
export const oversoldSubject = (sku: string): string => `stock.oversold.${skuToken(sku)}`

export const requestSubject = (verb: RequestVerb): string => `stock.${verb}`

/** NATS headers: conventions of NATS, W3C and CloudEvents. */
export const header = {
  messageId: "Nats-Msg-Id",
  traceparent: "traceparent",
  cloudEventPrefix: "ce-",
  contentType: "content-type",
  /** on a fact that was parked and goes through the front door again: its lines say from which bundles they come */
  replayedFact: "holdfast-fact"
} as const
