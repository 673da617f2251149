/**
 * JSON from systems whose ids have more digits than a number of JavaScript keeps apart.
 *
 * Guarantee: a whole number beyond what is exact comes as its digits, every other value as JSON.parse gives it. Nothing throws.
 */
import { Option } from "effect"

const whole = /^-?\d+$/

const exact = (_: string, value: unknown, context?: { readonly source?: string }): unknown => {
  const source = context?.source ?? ""
  return typeof value === "number" && !Number.isSafeInteger(value) && whole.test(source) ? source : value
}

/** None: the bytes are no JSON, or nested deeper than can be read. */
export const exactJson = (bytes: Uint8Array): Option.Option<unknown> => {
  try {
    return Option.some(JSON.parse(Buffer.from(bytes).toString("utf8"), exact))
  } catch {
    return Option.none()
  }
}
