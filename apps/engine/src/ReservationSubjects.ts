/**
 * Requests over NATS request-reply: `stock.reserve`, `stock.confirm`, `stock.release`, `stock.extend`, `stock.pin`,
 * `stock.unpin`, `stock.availability`, `stock.history`; found by `nats micro ls` under the name `holdfast`, with their schemas.
 *
 * Guarantee: a request of at most `requestBytesMax` bytes is answered on its reply subject, which must be an inbox: nobody
 * can make the engine write into another subject. Several engines share the requests.
 */
import { requestSchemas, type RequestVerb } from "@holdfast/domain/Reservation"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { discoverable, type EndpointTally } from "@holdfast/bus/ServiceDiscovery"
import { header, requestSubject } from "@holdfast/bus/Subject"
import type { Msg } from "@nats-io/nats-core"
import { Effect, Layer } from "effect"
import { requestBytesMax } from "./EngineLimit.ts"
import { requestJsonSchema } from "./RequestJsonSchema.ts"
import { ReservationDesk } from "./ReservationDesk.ts"

const tooLargeText = `must be at most ${requestBytesMax} bytes`
const tooLarge = JSON.stringify({ status: "invalid", errors: [{ field: "body", message: tooLargeText }] })

const queueGroup = "engine"
const inboxPrefix = "_INBOX"

const verbs = Object.keys(requestSchemas) as ReadonlyArray<RequestVerb>

/** What `nats micro info holdfast` says. */
const description = {
  name: "holdfast",
  version: "0.1.0",
  description: "Reservations of stock, what is available, and what happened to a SKU",
  endpoints: verbs.map((verb) => ({
    name: verb,
    subject: requestSubject(verb),
    queueGroup,
    metadata: { "request-schema": requestJsonSchema(verb) }
  }))
}

const serve =
  (desk: ReservationDesk["Service"], verb: RequestVerb, tally: EndpointTally) =>
  (error: Error | null, message: Msg): void => {
    if (error !== null || message.reply === undefined || !message.reply.startsWith(inboxPrefix)) return
    const answered = tally.begin()
    if (message.data.length > requestBytesMax) {
      tally.failed(`body ${tooLargeText}`)
      message.respond(tooLarge)
      return answered()
    }
    desk.ask(verb, message.string(), message.headers?.get(header.traceparent), (answer) => {
      message.respond(answer)
      answered()
    })
  }

export const reservationSubjects = Layer.effectDiscard(
  Effect.gen(function* () {
    const { connection } = yield* NatsConnection
    const desk = yield* ReservationDesk
    const service = yield* Effect.acquireRelease(
      Effect.sync(() => discoverable(connection, description)),
      ({ stop }) => Effect.promise(stop)
    )
    for (const verb of verbs) {
      const callback = serve(desk, verb, service.tallyOf(verb))
      yield* Effect.acquireRelease(
        Effect.sync(() => connection.subscribe(requestSubject(verb), { queue: queueGroup, callback })),
        (subscription) => Effect.promise(() => subscription.drain().catch(() => {}))
      )
    }
  })
)
