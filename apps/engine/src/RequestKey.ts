/**
 * Dedup ids of requests: 128 bits of SHA-256 as 32 hex digits, which PostgreSQL stores as a UUID of 16 bytes.
 *
 * Guarantee: the same idempotency key has the same id; others do not collide in practice.
 */
import { hash } from "node:crypto"
import type { ReservationRequest } from "@holdfast/domain/Reservation"
import type { ReserveLinesRequest } from "@holdfast/domain/ReservationGroup"

const digestOf = (text: string): string => hash("sha256", text, "hex").slice(0, 32)

export const requestKey = (key: string): string => digestOf(`request\u0000${key}`)

/** Identity of a request's content, so that a key that is used for something else is noticed. */
export const requestBody = (
  request: ReservationRequest | ({ readonly verb: "reserve" } & ReserveLinesRequest)
): string => digestOf(JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1))))
