import { payloadBytesMax } from "@holdfast/domain/Limit"
import { Random } from "@holdfast/domain/testing/Random"
import { describe, expect, it } from "vitest"
import { LineSplitter, type Line } from "../src/LineSplitter.ts"

const split = (body: Buffer, random: Random): ReadonlyArray<Line> => {
  const splitter = new LineSplitter()
  const lines: Array<Line> = []
  for (let at = 0; at < body.length;) {
    const end = at + random.whole(1, 40)
    lines.push(...splitter.push(body.subarray(at, end)))
    at = end
  }
  return [...lines, ...splitter.end()]
}

describe("the line splitter", () => {
  it("finds the same lines however the bytes are cut into chunks", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed)
      const texts = Array.from({ length: random.whole(0, 12) }, () =>
        random.pick(["", "  ", "\t\r", "{}", "ä😀", "x".repeat(90)])
      )
      const found = split(Buffer.from(texts.join("\n")), random).map(({ number, bytes }) => [
        number,
        Buffer.from(bytes!).toString()
      ])
      const expected = texts.map((text, i) => [i + 1, text] as const).filter(([, text]) => text.trim() !== "")
      expect(found, `seed ${seed}`).toEqual(expected)
    }
  })

  it("keeps a line of the greatest length and only counts a longer one", () => {
    const splitter = new LineSplitter()
    const lines = [
      ...splitter.push(Buffer.alloc(payloadBytesMax - 10, "a")),
      ...splitter.push(Buffer.concat([Buffer.alloc(10, "a"), Buffer.from("\n"), Buffer.alloc(payloadBytesMax, "b")])),
      ...splitter.push(Buffer.from("b\nc")),
      ...splitter.end()
    ]
    expect(lines.map(({ number, bytes, length }) => [number, bytes?.length, length])).toEqual([
      [1, payloadBytesMax, payloadBytesMax],
      [2, undefined, payloadBytesMax + 1],
      [3, 1, 1]
    ])
  })
})
