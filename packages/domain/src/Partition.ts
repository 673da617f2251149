/**
 * Which partition a SKU belongs to, and how a SKU is written as one NATS subject token.
 *
 * Guarantee: `partitionOf` equals the server's `{{partition(64,1)}}` over the same token (FNV-1a, 32 bits, over the
 * UTF-8 bytes), and `skuToken` is injective: two SKUs never share a token.
 */
import type { ReservationId, Sku } from "./Identity.ts"
import { partitions } from "./Limit.ts"

const plain = /^[A-Za-z0-9_-]+$/
const unreserved = /[A-Za-z0-9_-]/

const percentEncode = (text: string): string => {
  let token = ""
  for (const character of text) {
    if (unreserved.test(character)) token += character
    else {
      const encoded = encodeURIComponent(character)
      token += encoded === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : encoded
    }
  }
  return token
}

/** A SKU as one subject token: letters, digits, `_` and `-` stay, every other byte is percent-encoded. */
export const skuToken = (sku: string): string => (plain.test(sku) ? sku : percentEncode(sku))

/** The SKU of a token made by `skuToken`. */
export const skuOfToken = (token: string): string => decodeURIComponent(token)

const fnv1a = (token: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < token.length; i++) hash = Math.imul(hash ^ token.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Partition of a SKU, 0 to `partitions` - 1. */
export const partitionOf = (sku: Sku | string): number => fnv1a(skuToken(sku)) % partitions

/** Reservation ids begin with their partition, so that confirm and release find the owner without a look-up. */
export const reservationIdOf = (sku: Sku, unique: string): ReservationId =>
  `r${String(partitionOf(sku)).padStart(2, "0")}-${unique}` as ReservationId

/** Partition of a reservation, or undefined when the id was not issued by `reservationIdOf`. */
export const partitionOfReservation = (id: ReservationId): number | undefined => {
  const match = /^r(\d{2})-/.exec(id)
  const partition = match ? Number(match[1]) : Number.NaN
  return partition >= 0 && partition < partitions ? partition : undefined
}
