/**
 * Requests over NATS request-reply: `stock.reserve`, `stock.confirm`, `stock.release`, `stock.extend`, `stock.pin`,
 * `stock.unpin`, `stock.availability`, `stock.history`.
 *
 * Guarantee: a request of at most `requestBytesMax` bytes is answered on its reply subject, which must be an inbox: nobody
 * can make the engine write into another subject. Several engines share the requests.
 */
import { requestSchemas, type RequestVerb } from "@holdfast/domain/Reservation"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { header, requestSubject } from "@holdfast/bus/Subject"
import type { Msg } from "@nats-io/nats-core"
import { Effect, Layer } from "effect"
import { requestBytesMax } from "./EngineLimit.ts"
import { ReservationDesk } from "./ReservationDesk.ts"

const tooLarge = JSON.stringify({
  status: "invalid",
  errors: [{ field: "body", message: `must be at most ${requestBytesMax} bytes` }]
})

const queueGroup = "engine"
const inboxPrefix = "_INBOX"

const serve = (desk: ReservationDesk["Service"], verb: RequestVerb) => (error: Error | null, message: Msg) => {
  if (error !== null || message.reply === undefined || !message.reply.startsWith(inboxPrefix)) return
  if (message.data.length > requestBytesMax) return void message.respond(tooLarge)
  desk.ask(verb, message.string(), message.headers?.get(header.traceparent), (answer) => void message.respond(answer))
}

export const reservationSubjects = Layer.effectDiscard(
  Effect.gen(function* () {
    const { connection } = yield* NatsConnection
    const desk = yield* ReservationDesk
    for (const verb of Object.keys(requestSchemas) as Array<RequestVerb>) {
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          connection.subscribe(requestSubject(verb), { queue: queueGroup, callback: serve(desk, verb) })
        ),
        (subscription) => Effect.promise(() => subscription.drain().catch(() => {}))
      )
    }
  })
)
