/**
 * The connection to NATS, and JetStream on it.
 *
 * Guarantee: reconnects for ever with jitter; on release it drains, so that what was published is flushed. It does not
 * retry a publish.
 */
import { connect, type NatsConnection as Connection } from "@nats-io/transport-node"
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream"
import { Context, Effect, Layer } from "effect"
import { BusError } from "./BusError.ts"

/** Milliseconds between attempts to reconnect; the servers are near, a restart takes about a second. */
const reconnectWaitMillis = 250

export class NatsConnection extends Context.Service<
  NatsConnection,
  { readonly connection: Connection; readonly jetstream: JetStreamClient; readonly manager: JetStreamManager }
>()("@holdfast/bus/NatsConnection") {
  /**
   * @param url `nats://host:port`, several separated by commas
   * @param name shown by the server's monitoring
   */
  static readonly layer = (url: string, name: string) =>
    Layer.effect(
      NatsConnection,
      Effect.gen(function* () {
        const connection = yield* Effect.acquireRelease(
          Effect.tryPromise({
            try: () =>
              connect({
                servers: url.split(","),
                name,
                maxReconnectAttempts: -1,
                reconnectTimeWait: reconnectWaitMillis,
                reconnectJitter: reconnectWaitMillis,
                waitOnFirstConnect: false,
                // a stack trace for every request, made before anything went wrong, costs more than the request
                noAsyncTraces: true
              }),
            catch: (cause) => new BusError({ reason: "unreachable", detail: "is a nats-server running there?", cause })
          }),
          (open) => Effect.promise(() => open.drain().catch(() => open.close()))
        )
        const manager = yield* Effect.tryPromise({
          try: () => jetstreamManager(connection),
          catch: (cause) => new BusError({ reason: "unreachable", detail: "JetStream is not enabled there", cause })
        })
        return { connection, jetstream: jetstream(connection), manager }
      })
    )
}
