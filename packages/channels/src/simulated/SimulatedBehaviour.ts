/**
 * How a simulated channel treats us, as data that can be changed while it runs.
 *
 * Guarantee: with the same seed the dice fall the same. Shares are probabilities per request, 0 to 1.
 */
import { Schema } from "effect"

const Share = Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const Millis = Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 600_000 }))

export const Behaviour = Schema.Struct({
  /** milliseconds until an answer; the write is applied half-way */
  latencyMillis: Millis,
  /** milliseconds more, at random up to this */
  jitterMillis: Millis,
  /** requests admitted per second, 0 for any number; beyond it 429 */
  perSecond: Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
  /** requests admitted at once after a pause */
  burst: Schema.Number.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })),
  /** answered 429, whatever the rate */
  throttledShare: Share,
  /** answered 500; every second one was applied all the same */
  errorShare: Share,
  /** applied, and then the connection is cut instead of an answer */
  droppedShare: Share,
  /** whole seconds in `Retry-After` of a 429 */
  retryAfterSeconds: Schema.Number.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 3_600 })),
  /** `silent`: takes requests and never answers; `refusing`: cuts every connection */
  outage: Schema.Literals(["none", "silent", "refusing"]),
  /** answers 409 to a version that is older than the one shown, as a careful channel would */
  refusesOlder: Schema.Boolean
})
export type Behaviour = typeof Behaviour.Type

/** Any part of it. */
export const BehaviourChange = Behaviour.mapFields((fields) => ({
  latencyMillis: Schema.optionalKey(fields.latencyMillis),
  jitterMillis: Schema.optionalKey(fields.jitterMillis),
  perSecond: Schema.optionalKey(fields.perSecond),
  burst: Schema.optionalKey(fields.burst),
  throttledShare: Schema.optionalKey(fields.throttledShare),
  errorShare: Schema.optionalKey(fields.errorShare),
  droppedShare: Schema.optionalKey(fields.droppedShare),
  retryAfterSeconds: Schema.optionalKey(fields.retryAfterSeconds),
  outage: Schema.optionalKey(fields.outage),
  refusesOlder: Schema.optionalKey(fields.refusesOlder)
}))
export type BehaviourChange = typeof BehaviourChange.Type

/** A quick channel without faults. */
export const wellBehaved: Behaviour = {
  latencyMillis: 20,
  jitterMillis: 10,
  perSecond: 0,
  burst: 100,
  throttledShare: 0,
  errorShare: 0,
  droppedShare: 0,
  retryAfterSeconds: 1,
  outage: "none",
  refusesOlder: false
}

/** Numbers from 0 to below 1 that follow from the seed (mulberry32). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** What happens to one request. */
export type Fate = "serve" | "throttle" | "fail" | "failApplied" | "drop"

export const fateOf = (behaviour: Behaviour, random: () => number): Fate => {
  const dice = random()
  const { throttledShare, errorShare, droppedShare } = behaviour
  if (dice < throttledShare) return "throttle"
  if (dice < throttledShare + errorShare) return random() < 0.5 ? "fail" : "failApplied"
  return dice < throttledShare + errorShare + droppedShare ? "drop" : "serve"
}
