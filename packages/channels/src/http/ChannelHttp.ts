/**
 * HTTP to one channel: kept-alive connections of its own, one time limit per exchange, a cap on what is read.
 *
 * Guarantee: nothing of our tracing goes to a third party, redirects are not followed, nothing is retried. An answer's
 * status counts even when its body cannot be read.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Effect, Option, type Scope } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import { answerBytesMax } from "../ChannelLimit.ts"
import type { Exchange } from "./HttpOutcome.ts"

/** Milliseconds that an idle connection is kept: below the 5 s after which many servers close theirs. */
const keepAliveMillis = 4_000

export type ChannelHttp = (request: HttpClientRequest) => Effect.Effect<Exchange>

/**
 * The connections are closed with the scope.
 * @param bytesMax of an answer
 */
export const makeChannelHttp = (
  definition: Pick<ChannelDefinition, "rate" | "timeoutMillis">,
  bytesMax = answerBytesMax
): Effect.Effect<ChannelHttp, never, Scope.Scope> =>
  Effect.gen(function* () {
    const dispatcher = yield* NodeHttpClient.makeDispatcherOptions({
      connections: definition.rate.concurrency,
      keepAliveTimeout: keepAliveMillis,
      connect: { timeout: definition.timeoutMillis },
      maxResponseSize: bytesMax
    })
    const client = yield* NodeHttpClient.makeUndici.pipe(Effect.provideService(NodeHttpClient.Dispatcher, dispatcher))
    return (request) =>
      client.execute(request).pipe(
        Effect.flatMap((response) =>
          Effect.map(
            Effect.orElseSucceed(response.text, () => ""),
            (body): Exchange => ({
              _tag: "answered",
              answer: {
                status: response.status,
                retryAfter: response.headers["retry-after"],
                headers: response.headers,
                body
              }
            })
          )
        ),
        Effect.catch((error) => Effect.succeed<Exchange>({ _tag: "failed", cause: error.reason.cause ?? error })),
        Effect.timeoutOption(definition.timeoutMillis),
        Effect.map(Option.getOrElse((): Exchange => ({ _tag: "timedOut" }))),
        Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
        Effect.provideService(HttpClient.TracerPropagationEnabled, false)
      )
  })
