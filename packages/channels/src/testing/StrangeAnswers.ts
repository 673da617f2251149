/** Answers that no channel should give, and one of them does. The same ones every time. */
import type { Fault } from "./FaultyProxy.ts"

const bodies = [
  "",
  "null",
  "[]",
  "{}",
  "7",
  '"text"',
  "{",
  '{"data":null}',
  '{"data":{}}',
  '{"data":[],"errors":{}}',
  '{"errors":"no"}',
  '{"errors":[]}',
  '{"errors":[null]}',
  '{"errors":[{"message":7,"extensions":{"code":{}}}]}',
  '{"listings":[{"sku":7}]}',
  '{"quantity":"7"}',
  "\u0000\ud83e\udde6\u202e",
  "<html><body>maintenance</body></html>",
  `[${"[".repeat(20_000)}`,
  "x".repeat(600_000)
]

const encode = (text: string) => new TextEncoder().encode(text)

/** Bytes that follow from a seed. */
const noise = (seed: number, length: number): Uint8Array => {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return state >> 16
  })
}

export const strangeAnswers: ReadonlyArray<Fault> = [
  ...bodies.map((body): Fault => ({ _tag: "status", status: 200, body })),
  ...[201, 204, 304, 400, 418, 499, 500, 503, 599].map((status): Fault => ({ _tag: "status", status })),
  ...[new Uint8Array(), noise(1, 300), noise(2, 70_000)].map((bytes): Fault => ({ _tag: "bytes", bytes })),
  ...["220 ready\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", "HTTP/1.1 999 ?\r\n\r\n"].map(
    (text): Fault => ({ _tag: "bytes", bytes: encode(text) })
  )
]
