/** Signatures over raw bytes, and names made of what was signed. Comparing tells nobody how much of a signature was right. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto"

/** Whether `signature` is the base64 HMAC-SHA256 of the bytes. */
export const isSignedBy = (secret: string, bytes: Uint8Array, signature: string | undefined): boolean => {
  if (signature === undefined) return false
  const expected = createHmac("sha256", secret).update(bytes).digest()
  const given = Buffer.from(signature, "base64")
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** A name for what was told: equal for equal topic and bytes, and for nothing else. */
export const digestOf = (topic: string, bytes: Uint8Array): string =>
  createHash("sha256").update(topic).update("\u0000").update(bytes).digest("base64url")

/** Whether a secret that came with a call is ours, however long it is. */
export const isSameSecret = (secret: string, given: string | undefined): boolean => {
  const digest = (text: string) => createHash("sha256").update(text).digest()
  return given !== undefined && timingSafeEqual(digest(secret), digest(given))
}
