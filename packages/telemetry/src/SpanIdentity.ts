/**
 * Which span: ids that every process computes alike, so that spans made at different times and places meet in one tree.
 *
 * Guarantee: pure. The root's id arrives in the event's traceparent; every other id is a 64-bit hash of the root and the
 * stage. Emitting a span twice gives the same id, and two events of one publisher's trace never share a span.
 * Traceparents are W3C version 00 as the bus writes them: `00-<trace id>-<span id>-<flags>`.
 */
import type { Stage } from "./SpanName.ts"

const pattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
const spanIdPattern = /^(?!0{16})[0-9a-f]{16}$/

/** Whether spans can be made of it. A collector refuses a whole batch for one malformed id. */
export const isTraceparent = (traceparent: string): boolean => pattern.test(traceparent)

export const isSpanId = (id: string | undefined): id is string => id !== undefined && spanIdPattern.test(id)

/** Whether the sampled flag is set. A traceparent that is too short has none. */
export const isSampled = (traceparent: string): boolean => {
  const digit = traceparent.charCodeAt(54)
  // the last hex digit: 0-9 are 48-57, a-f are 97-102, so that odd digits are odd and odd letters are even
  return digit > 96 ? (digit & 1) === 0 : (digit & 1) === 1
}

export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35)

export const rootSpanIdOf = (traceparent: string): string => traceparent.slice(36, 52)

/** Names the event's trace among others, whatever its flags say. */
export const rootKeyOf = (traceparent: string): string => traceparent.slice(3, 52)

/**
 * Span id of a stage of the event. @param about what tells it from its siblings: SKU, channel, outcome
 */
export const spanIdOf = (traceparent: string, stage: Stage, about = "", channel = "", variant = ""): string => {
  let a = 0x9e3779b9
  let b = 0x85ebca6b
  const mix = (text: string, from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i)
      a = Math.imul(a ^ code, 0x9e3779b1)
      b = Math.imul(b ^ code, 0x85ebca77)
      a = (a << 13) | (a >>> 19)
      b = (b << 17) | (b >>> 15)
    }
    // ids contain no control characters, so that this separates them
    a = Math.imul(a ^ 0, 0x9e3779b1)
    b = Math.imul(b ^ 0, 0x85ebca77) + 1
  }
  mix(traceparent, 3, 52)
  mix(stage, 0, stage.length)
  mix(about, 0, about.length)
  mix(channel, 0, channel.length)
  mix(variant, 0, variant.length)
  const high = finish(a ^ Math.imul(b, 0x27d4eb2f))
  const low = finish(b ^ Math.imul(a, 0x165667b1))
  return high === 0 && low === 0 ? "0000000000000001" : hex(high) + hex(low)
}

const finish = (word: number): number => {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, "0")
