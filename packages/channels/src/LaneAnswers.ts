/**
 * What the answers of a channel say of the whole of it: whether its circuit closes or opens, what is left of its budgets.
 *
 * What they say of single listings is `Landing`'s. No I/O.
 */
import type { PushOutcome, ReadBack } from "./ChannelConnector.ts"
import { retryAfterMaxMillis } from "./ChannelLimit.ts"
import { isTransient } from "./Landing.ts"
import type { OutputLane } from "./OutputLane.ts"

interface Answered {
  /** the call asked whether the circuit may close */
  readonly probe: boolean
  /** milliseconds since the epoch */
  readonly now: number
  /** from 0 to below 1 */
  readonly random: () => number
}

/** A push was answered. @returns whether the channel is well again */
export const hearPush = (
  lane: OutputLane,
  outcomes: ReadonlyArray<PushOutcome>,
  { now, probe, random }: Answered
): boolean => {
  const { circuit } = lane
  for (const { observed } of outcomes) if (observed !== undefined) lane.learn(observed, now)
  const blocked = outcomes.find((outcome) => outcome._tag === "blocked")
  const failed = outcomes.find((outcome) => outcome._tag === "unknown" || isTransient(outcome))
  if (blocked === undefined && failed === undefined) return circuit.succeeded(probe)
  if (blocked !== undefined) circuit.refused(probe, now, blocked.detail)
  else circuit.failed(probe, now, failed!.detail, random())
  return false
}

/** A channel that could not be read back asked to be left alone, or failed. @returns for how many milliseconds it asked */
export const hearUnreachable = (
  lane: OutputLane,
  answer: ReadBack & { readonly _tag: "unreachable" },
  { now, probe, random }: Answered
): number => {
  const pause = Math.min(answer.retryAfterMillis ?? 0, retryAfterMaxMillis)
  if (pause > 0) {
    lane.pauseUntil(now + pause)
    lane.circuit.succeeded(probe)
  } else lane.circuit.failed(probe, now, answer.detail, random())
  return pause
}
