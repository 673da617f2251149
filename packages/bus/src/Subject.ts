/**
 * Every NATS subject and header of Holdfast; nowhere else is one spelled.
 *
 * - `stock.events.<type>`: the front door, open to any publisher.
 * - `stock.facts.<sku>`: one fact for one SKU, written by ingest only; the STOCK stream's own transform turns it into
 *   `stock.partition.<0-63>.<sku>`, so that nobody can bypass the partitioning.
 * - `stock.availability.<sku>`: what is announced of a SKU.
 * - `stock.reserve`, `stock.confirm`, `stock.release`: request-reply.
 */
import { skuToken } from "@holdfast/domain/Partition"
import { partitions } from "@holdfast/domain/Limit"
import type { RequestVerb } from "@holdfast/domain/Reservation"

export const eventsPrefix = "stock.events."
export const allEvents = "stock.events.>"
export const eventSubject = (type: string): string => eventsPrefix + type

export const allFacts = "stock.facts.*"
export const factSubject = (sku: string): string => `stock.facts.${skuToken(sku)}`

export const partitionFilter = (partition: number): string => `stock.partition.${partition}.>`
export const partitionTransform = {
  src: allFacts,
  dest: `stock.partition.{{partition(${partitions},1)}}.{{wildcard(1)}}`
}

export const allAvailability = "stock.availability.*"
export const availabilitySubject = (sku: string): string => `stock.availability.${skuToken(sku)}`

export const requestSubject = (verb: RequestVerb): string => `stock.${verb}`

/** NATS headers: conventions of NATS, W3C and CloudEvents. */
export const header = {
  messageId: "Nats-Msg-Id",
  traceparent: "traceparent",
  cloudEventPrefix: "ce-",
  contentType: "content-type"
} as const
