/** Some 200 ways to get an event wrong, for `MalformedInput.int.test.ts`. */
import { lineQuantityMax, linesMax, payloadBytesMax } from "@holdfast/domain/Limit"

export interface MalformedInput {
  readonly what: string
  readonly payload: Uint8Array
  /** the field that must be named */
  readonly field: string | RegExp
  /** it only disagrees with the subject */
  readonly onlyNats?: true
}

const line = { sku: "A", quantity: 2 }
const data = { orderId: "o-1", lines: [line] }
const base = { id: "e-1", source: "shop", type: "order.placed", time: "2026-11-27T09:30:00Z", data }

const bytes = (text: string) => new TextEncoder().encode(text)
const valid = JSON.stringify(base)

/** Wrong values, as they stand in JSON text. */
const notText = ["null", "true", "7", "-0.5", "[]", "{}", `["x"]`, `{"a":1}`]
const badText = [
  `""`,
  `"\\u0000"`,
  `"a\\nb"`,
  `"\\u007f"`,
  `"\\u0085"`,
  `"\\ud800"`,
  `"\\udc00x"`,
  `"${"x".repeat(129)}"`,
  `"${"é".repeat(65)}"`,
  `"${"x".repeat(200_000)}"`
]
const badNumber = [
  "0",
  "-1",
  "1.5",
  "1e-7",
  "1e400",
  "-1e400",
  String(lineQuantityMax + 1),
  "9007199254740993",
  `"2"`,
  `""`,
  "null",
  "true",
  "[2]",
  "{}"
]
const badTime = [
  `"yesterday"`,
  `""`,
  `"2026-11-27"`,
  `"2026-11-27T09:30:00"`,
  `"2026-13-27T09:30:00Z"`,
  `"2026-11-27T25:30:00Z"`,
  "1764235800000",
  "true",
  "[]",
  `"2026-11-27T09:30:00Z\\n"`
]
const notJson = [
  "",
  " ",
  "{",
  "}",
  "[",
  "{]",
  "nul",
  "NaN",
  "Infinity",
  "undefined",
  "'x'",
  "{a:1}",
  `{"a":1,}`,
  `{"a" 1}`,
  `{"a":01}`,
  `{"a":+1}`,
  `{"a":.5}`,
  `{"a":0x1}`,
  `{"a":"\u0001"}`,
  `{"a":"\\x"}`,
  `{"a":"\\u12"}`,
  `{"a":1}{"b":2}`,
  `${valid},`,
  `${valid}x`,
  `// c\n${valid}`,
  `\uFEFF${valid}`,
  "<event/>",
  "id=1&source=2",
  valid.slice(0, -1),
  valid.slice(1)
]
const notObject = ["null", "true", "1", `"event"`, "[]", `[${valid}]`]
const invalidUtf8 = [
  [0xff],
  [0x22, 0xc0, 0x80, 0x22],
  [0x22, 0xed, 0xa0, 0x80, 0x22],
  [0x22, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x22],
  [0x7b, 0x22, 0xe2, 0x82],
  [0xfe, 0xff, 0x00, 0x7b],
  [0x1f, 0x8b, 0x08, 0x00]
]

const event = (changes: Readonly<Record<string, unknown>>) => JSON.stringify({ ...base, ...changes })

/** The valid event with one value replaced by JSON text; the mark stands where it goes. */
const mark = `"@@"`
const replaced = (changes: Readonly<Record<string, unknown>>, json: string) =>
  bytes(event(changes).replace(mark, () => json))

const each = (what: string, field: string, changes: Readonly<Record<string, unknown>>, values: ReadonlyArray<string>) =>
  values.map((value): MalformedInput => ({
    what: `${what} ${value.slice(0, 40)} (${value.length})`,
    payload: replaced(changes, value),
    field
  }))

const lines = (...more: ReadonlyArray<Readonly<Record<string, unknown>>>) => ({
  data: { ...data, lines: [line, ...more] }
})
const one = (what: string, field: string | RegExp, payload: string): MalformedInput => ({
  what,
  payload: bytes(payload),
  field
})

const nested = (open: string, close: string, depth: number) => open.repeat(depth) + "1" + close.repeat(depth)

export const malformedInputs: ReadonlyArray<MalformedInput> = [
  ...notJson.map((text) => one(`not JSON: ${text.slice(0, 30)}`, "payload", text)),
  ...notObject.map((text) => one(`no object: ${text.slice(0, 30)}`, "payload", text)),
  ...invalidUtf8.map((raw) => ({
    what: `not UTF-8: ${raw.join(" ")}`,
    payload: Uint8Array.from(raw),
    field: "payload"
  })),
  ...each("source", "source", { source: "@@" }, [...notText, ...badText]),
  ...each("id", "id", { id: "@@" }, [...notText, ...badText]),
  ...each("type", "type", { type: "@@" }, [
    `""`,
    `"order.eaten"`,
    `"ORDER.PLACED"`,
    `"order.placed "`,
    `"*"`,
    `">"`,
    "7",
    "[]",
    `"__proto__"`,
    `"constructor"`
  ]),
  ...each("time", "time", { time: "@@" }, badTime),
  ...each("specversion", "specversion", { specversion: "@@" }, [`"0.3"`, `"2.0"`, "1"]),
  ...each("data", "data", { data: "@@" }, ["null", "true", "7", `"{}"`, "[]"]),
  ...each("orderId", "data.orderId", { data: { ...data, orderId: "@@" } }, [...notText, ...badText]),
  ...each("lines", "data.lines", { data: { ...data, lines: "@@" } }, ["null", "7", `"x"`, "{}", "[]", `{"0":{}}`]),
  ...each("a line", "data.lines[1]", { data: { ...data, lines: [line, "@@"] } }, ["null", "7", `"x"`, "[]"]),
  ...each("sku", "data.lines[1].sku", lines({ sku: "@@", quantity: 1 }), [...notText, ...badText]),
  ...each("quantity", "data.lines[1].quantity", lines({ sku: "B", quantity: "@@" }), badNumber),
  ...each("locationId", "data.lines[1].locationId", lines({ ...line, locationId: "@@" }), [...notText, ...badText]),
  ...each("reservationId", "data.lines[1].reservationId", lines({ ...line, reservationId: "@@" }), [
    ...notText,
    ...badText
  ]),
  { ...one("a type that is not the subject's", "type", event({ type: "goods.received" })), onlyNats: true },
  one("no id", "id", event({ id: undefined })),
  one("no source", "source", event({ source: undefined })),
  one("no data", "data", event({ data: undefined })),
  one("no order id", "data.orderId", event({ data: { lines: [line] } })),
  one("no lines", "data.lines", event({ data: { orderId: "o" } })),
  one("a line without sku", "data.lines[1].sku", event(lines({ quantity: 1 }))),
  one("a line without quantity", "data.lines[1].quantity", event(lines({ sku: "B" }))),
  one(
    "a line too many",
    "data.lines",
    event({ data: { ...data, lines: Array.from({ length: linesMax + 1 }, () => line) } })
  ),
  one(
    "many lines too many",
    /data\.lines|payload/,
    event({ data: { ...data, lines: Array.from({ length: 8_000 }, () => ({})) } })
  ),
  one("key twice", "id", `{"id":"x",${valid.slice(1)}`),
  one("key twice, escaped", "source", `{"\\u0073ource":"x",${valid.slice(1)}`),
  one("key twice, empty", "payload", `{"":1,"":2}`),
  one("key twice, deep", "data.lines[0].quantity", valid.replace(`"quantity":2`, `"quantity":2,"quantity":2`)),
  one("key twice among many", "k7", `{${Array.from({ length: 500 }, (_, i) => `"k${i}":1`).join(",")},"k7":1}`),
  one("deep objects", /^x(\.x)+$/, nested(`{"x":`, "}", 17)),
  one("very deep objects", /^x(\.x)+$/, nested(`{"x":`, "}", 40_000)),
  one("deep arrays", /^(\[0\])+$/, nested("[", "]", 17)),
  one("very deep arrays", /^(\[0\])+$/, nested("[", "]", 120_000)),
  one("deep arrays that never end", /^(\[0\])+$|payload/, "[".repeat(200_000)),
  one("one byte too many", "payload", valid + " ".repeat(payloadBytesMax + 1 - valid.length)),
  one("900 KB", "payload", event({ note: "x".repeat(900_000) })),
  { what: "900 KB of zeros", payload: new Uint8Array(900_000), field: "payload" }
]
