/** The sample that the README publishes: an event of each trigger, as a newcomer sends them. */
import { decodeEvent, eventTypes, type RawEvent } from "@holdfast/domain/EventManifest"
import { Result } from "effect"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const sample = new URL("../sample/every-trigger.ndjson", import.meta.url)

it("has an event of each type, and all are accepted", () => {
  const events = readFileSync(sample, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => Result.getOrThrow(decodeEvent(JSON.parse(line) as RawEvent, 1_800_000_000_000)))
  expect(new Set(events.map(({ type }) => type))).toEqual(new Set(eventTypes))
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
})
