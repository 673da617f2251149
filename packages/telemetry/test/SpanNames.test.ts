import { describe, expect, it } from "vitest"
import { attribute, latencyBucket, spanEvent } from "@holdfast/telemetry/Attribute"
import { deliverName, ingestName, spanName, syncName } from "@holdfast/telemetry/SpanName"
import { eventTypes } from "@holdfast/domain/EventManifest"

const semanticConventions = ["error.type", "messaging."]
const ownKey = /^stock(\.[a-z]+(_[a-z]+)*)+$/

describe("names", () => {
  it("span names are one lower-case verb, with at most one object", () => {
    for (const name of Object.values(spanName)) expect(name).toMatch(/^[a-z]+( ([a-z]+(\.[a-z]+)*|\{[a-z.]+\}))?$/)
  })

  it("attribute keys are in the stock namespace, or names of the semantic conventions", () => {
    for (const key of Object.values(attribute)) {
      const conventional = semanticConventions.some((prefix) => key.startsWith(prefix))
      expect(conventional || ownKey.test(key), key).toBe(true)
    }
    for (const name of Object.values(spanEvent)) expect(name).toMatch(/^[a-z]+(\.[a-z]+)+$/)
  })

  it("no name is used twice", () => {
    for (const list of [Object.values(spanName), Object.values(attribute)])
      expect(new Set<string>(list).size).toBe(list.length)
  })

  it("every event type of the manifest has its own names", () => {
    for (const type of eventTypes) {
      expect(syncName(type)).toBe(`sync ${type}`)
      expect(ingestName(type)).toBe(`ingest ${type}`)
    }
    expect(deliverName("amazon")).toBe("deliver amazon")
  })

  it("a type that nobody registered does not become a name", () => {
    for (const type of ["", "order.exploded", "__proto__", "constructor"]) {
      expect(syncName(type)).toBe("sync unknown")
      expect(ingestName(type)).toBe("ingest unknown")
    }
  })

  it("a latency falls into the bucket whose limits enclose it", () => {
    expect([0, 99.9, 100, 999, 1_000, 1_999, 2_000, 4_999, 60_000, 600_000].map(latencyBucket)).toEqual([
      "<100ms",
      "<100ms",
      "100-250ms",
      "0.5-1s",
      "1-2s",
      "1-2s",
      "2-5s",
      "2-5s",
      "1-10m",
      ">10m"
    ])
  })
})
