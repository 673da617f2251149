/**
 * One call of a connector, whatever the connector does.
 *
 * Guarantee: it ends within its limit, and never fails: what hangs, throws or dies is answered in its place.
 */
import { Cause, Effect } from "effect"
import type { ReadBack } from "./ChannelConnector.ts"

/** @param otherwise the answer in place of one, given what happened */
export const answered = <A>(
  call: Effect.Effect<A>,
  limitMillis: number,
  otherwise: (detail: string) => A
): Effect.Effect<A> =>
  call.pipe(
    Effect.timeoutOrElse({
      duration: limitMillis,
      orElse: () => Effect.succeed(otherwise(`the connector did not answer within ${limitMillis} ms`))
    }),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.as(
            Effect.logError("a connector failed", cause),
            otherwise(`the connector failed: ${Cause.squash(cause)}`)
          )
    )
  )

export const unreachable = (detail: string): ReadBack => ({ _tag: "unreachable", detail, retryAfterMillis: undefined })
