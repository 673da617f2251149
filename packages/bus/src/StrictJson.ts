/**
 * What `JSON.parse` lets pass and an event must not contain: a key that occurs twice, and nesting without end.
 *
 * Guarantee: one pass over the text, no recursion, linear in its length whatever it contains. For text that is not JSON the
 * answer means nothing: whether it is JSON is for `JSON.parse` to say.
 */
import { payloadDepthMax } from "@holdfast/domain/Limit"

export interface JsonDefect {
  readonly reason: "too_deep" | "duplicate_key"
  /** path of what is wrong, such as `data.lines[3].quantity` */
  readonly field: string
  readonly message: string
}

/** Keys of one object that are compared one by one; with more of them a set is faster, and never quadratic. */
const comparedKeysMax = 16

const quote = 34
const comma = 44
const backslash = 92
const openBracket = 91
const closeBracket = 93
const openBrace = 123
const closeBrace = 125

/** One open object or array. Frames are used again and again: the scan of a small event allocates nothing. */
class Frame {
  isObject = false
  /** of the element at hand, in an array */
  index = 0
  /** where the key at hand stands in the text, in an object */
  keyStart = 0
  keyEnd = 0
  private count = 0
  private readonly starts = new Int32Array(comparedKeysMax)
  private readonly ends = new Int32Array(comparedKeysMax)
  /** all keys, once they are too many to compare or one is written with escapes */
  private set: Set<string> | undefined

  open(isObject: boolean): void {
    this.isObject = isObject
    this.index = 0
    this.count = 0
    this.set = undefined
  }

  /** Whether the key that stands from `start` to `end` is new in this object. */
  add(text: string, start: number, end: number, escaped: boolean): boolean {
    this.keyStart = start
    this.keyEnd = end
    if (escaped || this.set !== undefined || this.count === comparedKeysMax) return this.addToSet(text, start, end)
    for (let i = 0; i < this.count; i++) if (this.equals(text, i, start, end)) return false
    this.starts[this.count] = start
    this.ends[this.count] = end
    this.count++
    return true
  }

  private addToSet(text: string, start: number, end: number): boolean {
    this.set ??= new Set(Array.from({ length: this.count }, (_, i) => text.slice(this.starts[i], this.ends[i])))
    const { size } = this.set
    return this.set.add(keyOf(text, start, end)).size > size
  }

  private equals(text: string, i: number, start: number, end: number): boolean {
    const other = this.starts[i]!
    const length = end - start
    if (this.ends[i]! - other !== length) return false
    for (let at = 0; at < length; at++) if (text.charCodeAt(start + at) !== text.charCodeAt(other + at)) return false
    return true
  }
}

const frames = Array.from({ length: payloadDepthMax }, () => new Frame())

/** The first thing wrong with a JSON text, if any. */
export const jsonDefect = (text: string): JsonDefect | undefined => {
  const { length } = text
  let depth = 0
  let awaitsKey = false
  for (let i = 0; i < length; i++) {
    switch (text.charCodeAt(i)) {
      case quote: {
        const start = ++i
        let escaped = false
        for (let code = text.charCodeAt(i); i < length && code !== quote; code = text.charCodeAt(++i)) {
          if (code !== backslash) continue
          escaped = true
          i++
        }
        if (!awaitsKey) break
        awaitsKey = false
        if (!frames[depth - 1]!.add(text, start, i, escaped)) return duplicateKey(text, depth)
        break
      }
      case openBrace:
      case openBracket:
        if (depth === payloadDepthMax) return tooDeep(text, depth)
        awaitsKey = text.charCodeAt(i) === openBrace
        frames[depth++]!.open(awaitsKey)
        break
      case closeBrace:
      case closeBracket:
        if (depth > 0) depth--
        awaitsKey = false
        break
      case comma: {
        const frame = depth === 0 ? undefined : frames[depth - 1]!
        if (frame?.isObject === true) awaitsKey = true
        else if (frame !== undefined) frame.index++
      }
    }
  }
  return undefined
}

const keyOf = (text: string, start: number, end: number): string => {
  const written = text.slice(start, end)
  if (!written.includes("\\")) return written
  try {
    return JSON.parse(`"${written}"`) as string
  } catch {
    return written
  }
}

const duplicateKey = (text: string, depth: number): JsonDefect => ({
  reason: "duplicate_key",
  field: pathTo(text, depth),
  message: "must not occur twice"
})

const tooDeep = (text: string, depth: number): JsonDefect => ({
  reason: "too_deep",
  field: pathTo(text, depth),
  message: `must not be nested more than ${payloadDepthMax} deep`
})

/** Characters of a key that a path shows: a key is the publisher's text and may be as long as the payload. */
const shownKeyMax = 64

const pathTo = (text: string, depth: number): string => {
  let path = ""
  for (const frame of frames.slice(0, depth)) {
    if (!frame.isObject) path += `[${frame.index}]`
    else path += `${path === "" ? "" : "."}${keyOf(text, frame.keyStart, frame.keyEnd).slice(0, shownKeyMax)}`
  }
  return path === "" ? "payload" : path
}
