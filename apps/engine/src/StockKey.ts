/**
 * Dedup ids: 128 bits of SHA-256, written as a UUID so that PostgreSQL stores 16 bytes.
 *
 * Guarantee: the same event for the same SKU, or the same idempotency key, has the same id; others do not collide in practice.
 */
import { hash } from "node:crypto"
import type { ReservationRequest } from "@holdfast/domain/Reservation"

const uuidOf = (text: string): string => {
  const hex = hash("sha256", text, "hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

export const eventKey = (source: string, id: string, sku: string): string =>
  uuidOf(`event\u0000${source}\u0000${id}\u0000${sku}`)

export const requestKey = (key: string): string => uuidOf(`request\u0000${key}`)

/** Identity of a request's content, so that a key that is used for something else is noticed. */
export const requestBody = (request: ReservationRequest): string =>
  uuidOf(JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1))))
