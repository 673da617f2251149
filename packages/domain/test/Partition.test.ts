import { describe, expect, it } from "vitest"
import type { ReservationId } from "../src/Identity.ts"
import { partitions } from "../src/Limit.ts"
import { partitionOf, partitionOfReservation, reservationIdOf, skuOfToken, skuToken } from "../src/Partition.ts"
import { Random } from "../src/testing/Random.ts"

const alphabet = [
  "a",
  "B",
  "9",
  "-",
  "_",
  ".",
  "*",
  ">",
  "%",
  "%2E",
  " ",
  "/",
  "!",
  "'",
  "(",
  "~",
  "é",
  "e\u0301",
  "茶",
  "🫖"
]

describe("a SKU as one subject token", () => {
  it("keeps letters, digits, _ and - as they are", () => {
    expect(skuToken("Mug-12_b")).toBe("Mug-12_b")
  })

  it("encodes every other byte, so that nothing in it means anything to NATS", () => {
    expect(skuToken("a.b*c> d")).toBe("a%2Eb%2Ac%3E%20d")
    expect(skuToken("茶")).toBe("%E8%8C%B6")
    expect(skuToken("%2E")).toBe("%252E")
  })

  it("tells any two SKUs apart and finds its SKU again", () => {
    const random = new Random(11)
    const tokens = new Map<string, string>()
    for (let n = 0; n < 20_000; n++) {
      const sku = Array.from({ length: random.whole(1, 6) }, () => random.pick(alphabet)).join("")
      const token = skuToken(sku)
      expect(token).toMatch(/^[A-Za-z0-9_%-]+$/)
      expect(skuOfToken(token)).toBe(sku)
      expect(tokens.get(token) ?? sku).toBe(sku)
      tokens.set(token, sku)
    }
  })
})

describe("the partition of a SKU", () => {
  // published test vectors of FNV-1a, 32 bits: e40c292c, e70c2de5, bf9cf968
  it.each([
    ["a", 0xe40c292c],
    ["b", 0xe70c2de5],
    ["foobar", 0xbf9cf968]
  ])("of %s is its FNV-1a hash modulo the number of partitions", (sku, hash) => {
    expect(partitionOf(sku)).toBe(hash % partitions)
  })

  it("is taken over the bytes of the token, as the server does", () => {
    expect(partitionOf("a.b")).toBe(0xa3a45988 % partitions) // FNV-1a of a%2Eb
    expect(partitionOf("茶")).toBe(0x899dd4a4 % partitions) // FNV-1a of %E8%8C%B6
  })

  it("is spread evenly over many SKUs", () => {
    const counts = Array.from({ length: partitions }, () => 0)
    for (let n = 0; n < 64_000; n++) counts[partitionOf(`SKU-${n}`)]! += 1
    expect(Math.min(...counts)).toBeGreaterThan(700)
    expect(Math.max(...counts)).toBeLessThan(1_300)
  })
})

describe("a reservation id", () => {
  it("names the partition of its SKU", () => {
    for (const sku of ["MUG", "a.b", "茶"])
      expect(partitionOfReservation(reservationIdOf(sku as never, "x1"))).toBe(partitionOf(sku))
  })

  it.each(["", "r1-x", "r64-x", "r99-x", "x05-x", "r05x"])("that was never issued (%j) names none", (id) => {
    expect(partitionOfReservation(id as ReservationId)).toBeUndefined()
  })
})
