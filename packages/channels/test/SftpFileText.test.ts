/** Files that we leave over SFTP: their numbers, quantities as CSV, and the settings that they follow. No I/O. */
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { SftpSettings } from "@holdfast/domain/SftpSettings"
import { Sku } from "@holdfast/domain/Identity"
import { isReachedAlike } from "@holdfast/domain/ChannelChange"
import { parse } from "csv-parse/sync"
import { Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { fileNumbersAheadMax } from "../src/ChannelLimit.ts"
import { FileNumbers, timeOf } from "../src/sftp/FileNumbers.ts"
import { quantityCsv, readStockCsv } from "../src/sftp/QuantityCsv.ts"
import { channelDefinition } from "./Announce.ts"
import { file846, sftpSettings } from "./SftpSample.ts"

const item = (sku: string, quantity = 7, version = 1) => ({
  sku: Sku.make(sku),
  quantity,
  version,
  key: `shop:${sku}:${version}:${quantity}`,
  expected: undefined
})
const bytes = (text: string) => new TextEncoder().encode(text)
const now = Date.parse("2026-11-23T03:45:12.345Z")

describe("the number of a file", () => {
  it("is its second, and rises with every file", () => {
    const numbers = new FileNumbers()
    const first = numbers.of([item("A")], now)!
    expect(new Date(timeOf(first.number)).toISOString()).toBe("2026-11-23T03:45:12.000Z")
    expect(numbers.of([item("B")], now)!.number).toBe(first.number + 1)
    // a clock that goes back
    expect(numbers.of([item("C")], now - 3_600_000)!.number).toBe(first.number + 2)
    expect(numbers.of([item("D")], now - 3_590_000)!.number).toBe(first.number + 10)
  })

  it("is the same for the same push again, until something else is said of one of its SKUs", () => {
    const numbers = new FileNumbers()
    const push = [item("A"), item("B")]
    const first = numbers.of(push, now)!
    numbers.of([item("C")], now + 5_000)
    expect(numbers.of(push, now + 9_000)).toEqual(first)
    expect(numbers.of([item("B", 8, 2)], now + 9_000)!.number).toBeGreaterThan(first.number)
    expect(numbers.of(push, now + 20_000)!.number).toBeGreaterThan(first.number + 9)
  })

  it("is larger than those that are there, whatever the clock says", () => {
    const numbers = new FileNumbers()
    numbers.seen(900_000_000)
    expect(numbers.of([item("A")], now)!.number).toBe(900_000_001)
  })

  it("does not run far ahead of the clock", () => {
    const numbers = new FileNumbers()
    const given = Array.from({ length: 100 }, (_, i) => numbers.of([item(`S${i}`)], now))
    expect(given.filter((file) => file !== undefined)).toHaveLength(fileNumbersAheadMax + 1)
    expect(numbers.of([item("late")], now + 1_000)).toBeDefined()
  })
})

describe("quantities as CSV", () => {
  const skus = ["A-1", 'a "b", c', " x ", "=1+1", "ä🧦;"]

  it("are read by another parser as they were written, under the names that were asked for", () => {
    const columns = { sku: "ARTIKEL", quantity: "Menge, frei" }
    const text = quantityCsv(
      columns,
      skus.map((sku, i) => item(sku, i, 3)),
      217_575_912
    )
    expect(parse(text)).toEqual([
      ["ARTIKEL", "Menge, frei", "version", "time"],
      ...skus.map((sku, i) => [sku, String(i), "3", "2026-11-23T05:45:12.000Z"])
    ])
    expect(text.endsWith("\r\n")).toBe(true)
    expect(readStockCsv(columns, bytes(text))).toEqual({
      _tag: "read",
      quantities: new Map(skus.map((sku, i) => [sku, i]))
    })
  })

  it.each([
    ["sku;quantity\nA;1", "line 1 must name the columns sku and quantity"],
    ["sku,quantity\nA,1\nB,many\n", "line 3: quantity must be a whole number"],
    ["sku,quantity\nA,1\n,2\n", "line 3: sku names no SKU"],
    ["sku,quantity\nA,1\nA,2\n", "line 3: A is there twice"],
    ['sku,quantity\n"A,1\n', "line 2 is no CSV: Quote Not Closed: the parsing is finished with an opening quote"],
    ["", "line 1 must name the columns sku and quantity"]
  ])("say nothing when one line cannot be read: %j", (text, detail) => {
    expect(readStockCsv({}, bytes(text))).toEqual({ _tag: "unreadable", detail })
  })
})

describe("the settings of a channel over SFTP", () => {
  const settings = sftpSettings({ user: "holdfast", hostKey: `SHA256:${"a".repeat(43)}` })
  const decode = Schema.decodeUnknownResult(SftpSettings)

  it.each([
    [{ hostKeys: [] }, "hostKeys"],
    [{ hostKeys: ["aa:bb"] }, "hostKeys"],
    [{ directory: "in" }, "directory"],
    [{ file: { ...file846, separators: "**>~" } }, "separators"],
    [{ file: { ...file846, separators: "*^>A" } }, "separators"],
    [{ file: { ...file846, sender: { qualifier: "ZZ", id: "much too long for an ISA" } } }, "sender"]
  ])("are refused with the field that is wrong: %j", (change, field) => {
    const decoded = decode({ ...settings, ...change })
    expect(Result.isFailure(decoded) && decoded.failure.message).toContain(field)
  })

  it("make another connector when they change", () => {
    const definition = channelDefinition({ connector: "sftp", endpoint: "sftp://127.0.0.1:2222", sftp: settings })
    expect(Result.isSuccess(Schema.decodeUnknownResult(ChannelDefinition)(definition))).toBe(true)
    expect(isReachedAlike(definition, { ...definition })).toBe(true)
    expect(isReachedAlike(definition, { ...definition, sftp: { ...settings, directory: "/other" } })).toBe(false)
  })
})
