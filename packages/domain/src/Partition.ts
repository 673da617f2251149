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
export const reservationIdOf = (sku: Sku, unique: string, guard = false): ReservationId =>
  `r${String(partitionOf(sku)).padStart(2, "0")}-${unique}${guard ? guardSuffix : ""}` as ReservationId

/** The id says whether its units are under guard: what a hold is must be known from the ledger alone. */
const guardSuffix = "-guard"

export const isGuarded = (id: ReservationId): boolean => id.endsWith(guardSuffix)

/** The id of a group of holds, as its clients know it. @param group 32 hex digits */
export const groupReservationId = (group: string): ReservationId => `g${group}` as ReservationId

/** The group that a reservation id stands for, as 32 hex digits, or undefined when it is the id of one hold. */
export const groupOfReservation = (id: ReservationId): string | undefined => /^g([0-9a-f]{32})$/.exec(id)?.[1]

/** Which line of which attempt of a group a hold is. */
export interface Membership {
  /** 32 hex digits */
  readonly group: string
  readonly attempt: number
  /** its place among the group's lines, from 0 */
  readonly line: number
}

/** A hold of a group bears its group in its own id, so that whoever meets the hold finds the group. */
export const memberReservationId = (sku: Sku, { group, attempt, line }: Membership, guard = false): ReservationId =>
  reservationIdOf(sku, `g${group}-${attempt}-${line}`, guard)

/** The group that a hold belongs to, or undefined when it stands alone. */
export const membershipOf = (id: ReservationId): Membership | undefined => {
  if (id[4] !== "g") return undefined
  const match = /^r\d{2}-g([0-9a-f]{32})-(\d+)-(\d+)(?:-guard)?$/.exec(id)
  return match === null ? undefined : { group: match[1]!, attempt: Number(match[2]), line: Number(match[3]) }
}

/** Partition of a reservation, or undefined when the id was not issued by `reservationIdOf`. */
export const partitionOfReservation = (id: ReservationId): number | undefined => {
  const match = /^r(\d{2})-/.exec(id)
  const partition = match ? Number(match[1]) : Number.NaN
  return partition >= 0 && partition < partitions ? partition : undefined
}
