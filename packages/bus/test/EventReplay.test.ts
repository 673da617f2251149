import { Result } from "effect"
import { expect, it } from "vitest"
import { decodeEventMessage } from "../src/EventMessage.ts"
import { replayHeaders, type ParkedEvent } from "../src/EventReplay.ts"

const parked = (headers: Record<string, string>, body: object): ParkedEvent => ({
  id: 12,
  subject: "stock.events.order.cancelled",
  headers,
  payload: Buffer.from(JSON.stringify(body)),
  traceparent: "00-root",
  storedAt: Date.parse("2026-11-27T09:30:00Z"),
  replayedAt: null
})

const again = (event: ParkedEvent) =>
  Result.getOrThrow(
    decodeEventMessage({ headers: replayHeaders(event), payload: event.payload, subject: event.subject }, Date.now())
  ).event

const data = { orderId: "o-1" }

it("an event is published again under a message id of its own, with its attributes, its time and its trace", () => {
  const headers = { "Nats-Msg-Id": "m 100%", "ce-source": "shop", "content-type": "application/json", other: "x" }
  const event = parked(headers, data)
  expect(Object.fromEntries(replayHeaders(event))).toEqual({
    "ce-source": "shop",
    "content-type": "application/json",
    "ce-id": "m 100%25",
    "ce-time": "2026-11-27T09:30:00.000Z",
    traceparent: "00-root",
    "Nats-Msg-Id": "parked-12-0"
  })
  expect(again(event)).toMatchObject({ source: "shop", id: "m 100%", time: event.storedAt, data: { orderId: "o-1" } })
})

it("what the event says itself counts", () => {
  const bare = { source: "shop", id: "e-1", time: "2026-11-26T00:00:00Z", data }
  expect(again(parked({ "Nats-Msg-Id": "m" }, bare))).toMatchObject({ id: "e-1", time: Date.parse(bare.time) })
  const binary = parked({ "ce-source": "shop", "CE-Id": "e-2", "ce-time": bare.time, traceparent: "00-own" }, data)
  expect(again(binary)).toMatchObject({ id: "e-2", time: Date.parse(bare.time) })
  expect(replayHeaders(binary)).toContainEqual(["traceparent", "00-own"])
})
