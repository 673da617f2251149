/**
 * Goal: the scan finds a repeated key exactly when there is one, in any JSON text. Method: texts from seeds, written by hand so
 * that keys can repeat and be escaped, against a slow reading with a reviver-free parser of the same grammar.
 */
import { Random } from "@holdfast/domain/testing/Random"
import { describe, expect, it } from "vitest"
import { jsonDefect } from "../src/StrictJson.ts"

const keys = ["a", "b", "ab", "id", "", "é", "\\", '"', "{", "}", ",", ":", "[", "\u0000", "😀", "__proto__"]

interface Written {
  readonly text: string
  /** path of the first key that repeats, in the order of the text */
  readonly duplicate: string | undefined
}

const escaped = (random: Random, text: string): string =>
  random.chance(0.2)
    ? Array.from(text)
        .map((c) => (c.length > 1 ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`))
        .join("")
    : JSON.stringify(text).slice(1, -1)

const space = (random: Random) => random.pick(["", "", " ", "\n", "\t "])

const writeValue = (random: Random, depth: number, path: string): Written => {
  const kind = depth === 0 ? "scalar" : random.weighted({ scalar: 2, object: 3, array: 2 })
  if (kind === "object") return writeObject(random, depth, path)
  if (kind === "array") return writeArray(random, depth, path)
  const scalar = random.pick(["1", "-2.5e3", "true", "null", JSON.stringify(random.pick(keys)), String.raw`"\\\"{[,:"`])
  return { text: scalar, duplicate: undefined }
}

const writeArray = (random: Random, depth: number, path: string): Written => {
  const parts = Array.from({ length: random.whole(0, 4) }, (_, i) => writeValue(random, depth - 1, `${path}[${i}]`))
  return {
    text: `[${parts.map(({ text }) => space(random) + text).join(",")}]`,
    duplicate: parts.find((p) => p.duplicate !== undefined)?.duplicate
  }
}

const writeObject = (random: Random, depth: number, path: string): Written => {
  const seen = new Set<string>()
  let duplicate: string | undefined
  const members: Array<string> = []
  // beyond 16 keys the scan changes its way of comparing
  const size = random.chance(0.1) ? random.whole(14, 24) : random.whole(0, 4)
  for (let i = 0; i < size; i++) {
    const key = size > 10 ? `k${random.whole(0, 200)}` : random.pick(keys)
    const at = path === "" ? key : `${path}.${key}`
    if (seen.has(key)) duplicate ??= at === "" ? "payload" : at
    seen.add(key)
    const value = writeValue(random, depth - 1, at)
    duplicate ??= value.duplicate
    members.push(`${space(random)}"${escaped(random, key)}"${space(random)}:${space(random)}${value.text}`)
  }
  return { text: `{${members.join(",")}}`, duplicate }
}

describe("the scan of JSON text", () => {
  it("finds the first key that occurs twice, and nothing else", () => {
    let found = 0
    for (let seed = 1; seed <= 4_000; seed++) {
      const { text, duplicate } = writeValue(new Random(seed), 5, "")
      expect(() => JSON.parse(text), text).not.toThrow()
      expect(jsonDefect(text)?.field, `seed ${seed}: ${text}`).toBe(duplicate)
      if (duplicate !== undefined) found++
    }
    expect(found).toBeGreaterThan(1_000)
  })

  it("takes time in proportion to the text, however many keys an object has", () => {
    const text = `{${Array.from({ length: 25_000 }, (_, i) => `"${i}":1`).join(",")}}`
    const started = performance.now()
    expect(jsonDefect(text)).toBeUndefined()
    expect(performance.now() - started).toBeLessThan(500)
  })

  it("does not fail on text that is not JSON", () => {
    for (const text of ["", "{", "}", "]]]", `{"a`, `{"a\\`, `"`, `{,,,}`, `[}{]`, `{"a":1,"b`])
      expect(() => jsonDefect(text)).not.toThrow()
  })
})
