/** Some 250 events that are none, for the whole stack's front door: cut off, with one value wrong, or noise. */
import { Random } from "@holdfast/domain/testing/Random"

const event = {
  id: "e",
  source: "shop",
  type: "order.placed",
  data: { orderId: "o", lines: [{ sku: "A", quantity: 2 }] }
}
const valid = JSON.stringify(event)

const cutOff = Array.from({ length: valid.length }, (_, length) => Buffer.from(valid.slice(0, length)))

const wrong: Readonly<Record<string, ReadonlyArray<string>>> = {
  '"e"': ["null", "7", "[]", `""`, `"\\u0000"`, `"\\ud800"`, `"${"x".repeat(129)}"`],
  '"shop"': ["null", "true", "{}", `""`, `"a\\nb"`, `"${"é".repeat(65)}"`],
  '"order.placed"': [`"order.eaten"`, `""`, "7", `"stock.adjusted"`, `"__proto__"`],
  '"o"': ["null", "[]", `""`, `"\\u007f"`, `"${"x".repeat(129)}"`],
  '"A"': ["null", "3", `""`, `"\\u0000"`, `"${"x".repeat(200)}"`],
  "2": ["0", "-1", "1.5", "1e400", "1000001", `"2"`, "null", "[2]", "9007199254740993"],
  '[{"sku":"A","quantity":2}]': [
    "[]",
    "{}",
    "null",
    "[null]",
    `"x"`,
    "[[]]",
    `[${'{"sku":"A","quantity":1},'.repeat(2_000)}{}]`
  ],
  '{"orderId":"o","lines":[{"sku":"A","quantity":2}]}': [
    "null",
    "[]",
    "7",
    `"{}"`,
    "{}",
    `${'{"x":'.repeat(5_000)}1${"}".repeat(5_000)}`
  ]
}

const withOneValueWrong = Object.entries(wrong).flatMap(([value, wrongs]) =>
  wrongs.map((instead) => Buffer.from(valid.replace(value, () => instead)))
)

const noise = (count: number): Array<Buffer> => {
  const random = new Random(7)
  return Array.from({ length: count }, () =>
    Buffer.from(Array.from({ length: random.whole(1, 400) }, () => random.whole(0, 255)))
  )
}

export const malformedEvents: ReadonlyArray<Buffer> = [
  ...cutOff,
  ...withOneValueWrong,
  ...noise(90),
  Buffer.alloc(300_000, "x")
]

/** What is sent to the port of the HTTP server by somebody who does not speak HTTP. */
export const notHttp: ReadonlyArray<string> = [
  "\r\n\r\n",
  "GARBAGE\r\n\r\n",
  "GET\r\n\r\n",
  "POST /v1/events HTTP/9.9\r\n\r\n",
  "POST /v1/events HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
  "POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  `GET /${"x".repeat(70_000)} HTTP/1.1\r\n\r\n`,
  `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(5_000)}\r\n`,
  "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"
]
