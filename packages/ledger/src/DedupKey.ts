/**
 * The dedup id of an event: 128 bits of SHA-256 as 32 hex digits, which PostgreSQL stores as a UUID of 16 bytes.
 *
 * Guarantee: the same event for the same SKU has the same id; others do not collide in practice.
 */
import { hash } from "node:crypto"

export const eventKey = (source: string, id: string, sku: string): string =>
  hash("sha256", `event\u0000${source}\u0000${id}\u0000${sku}`, "hex").slice(0, 32)
