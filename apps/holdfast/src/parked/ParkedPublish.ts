/**
 * Publishes a parked message again at the front door, for the command and for whoever does it by itself.
 *
 * Guarantee: it is marked as replayed only after the broker has stored it; one that would only be parked again stays where it
 * is. When it is interrupted in between, the next attempt publishes it under the same message id, and what was applied is
 * recognised by the event's own id.
 */
import { BusError } from "@holdfast/bus/BusError"
import type { ParkedEvent } from "@holdfast/bus/EventReplay"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { Database, query } from "@holdfast/ledger/Database"
import { markReplayed } from "@holdfast/ledger/Parked"
import { headers } from "@nats-io/nats-core"
import { Effect, Result } from "effect"
import { replayOf, type ReplayMessage } from "./ParkedReplay.ts"

const publish = Effect.fnUntraced(function* ({ subject, payload, headers: entries }: ReplayMessage) {
  const { jetstream } = yield* NatsConnection
  const all = headers()
  for (const [name, value] of entries) all.set(name, value)
  yield* Effect.tryPromise({
    try: () => jetstream.publish(subject, payload, { headers: all }),
    catch: (cause) => new BusError({ reason: "publish_failed", detail: subject, cause })
  })
})

/**
 * @param corrected bytes to publish instead
 * @returns why it was left, if it was
 */
export const replayParked = Effect.fnUntraced(function* (message: ParkedEvent, corrected?: Uint8Array) {
  const { sql } = yield* Database
  const replay = replayOf(message, corrected)
  if (Result.isFailure(replay)) return replay.failure
  yield* publish(replay.success)
  yield* query(() => markReplayed(sql, [message.id]))
  return undefined
})
