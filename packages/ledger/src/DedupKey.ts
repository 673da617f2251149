/**
 * The dedup id of a fact: 128 bits of SHA-256 as 32 hex digits, which PostgreSQL stores as a UUID of 16 bytes.
 *
 * Guarantee: the same event for the same SKU, by name or through the same bundle, has the same id; others do not collide in practice.
 */
import { hash } from "node:crypto"

/** @param bundle that the event's lines of the SKU come from; undefined: they name it */
export const eventKey = (source: string, id: string, sku: string, bundle?: string): string => {
  const named = `event\u0000${source}\u0000${id}\u0000${sku}`
  return hash("sha256", bundle === undefined ? named : `${named}\u0000${bundle}`, "hex").slice(0, 32)
}
