/** The conformance suite tells a connector that is wrong: each way to be wrong is caught by the check that is about it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import type { ChannelConnector, PushOutcome } from "../src/ChannelConnector.ts"
import { checksOf, type ConformanceTarget } from "../src/testing/ConnectorConformance.ts"
import { wooCommerce } from "./ConformanceTargets.ts"

type Break = (sound: ChannelConnector) => ChannelConnector

const each =
  (change: (outcome: PushOutcome) => PushOutcome): Break =>
  (sound) => ({ ...sound, push: (items) => Effect.map(sound.push(items), (outcomes) => outcomes.map(change)) })

const transient = { _tag: "notApplied", because: "transient", retryAfterMillis: undefined, detail: "" } as const

const wrong: ReadonlyArray<readonly [name: string, broken: Break, caughtBy: RegExp]> = [
  [
    "takes 200 for an answer",
    each((outcome) => (outcome._tag === "rejected" ? { _tag: "applied" } : outcome)),
    /which item of a batch was refused/
  ],
  [
    "believes that what it does not know is listed",
    each((outcome) => (outcome._tag === "rejected" ? { ...outcome, because: "request" } : outcome)),
    /has a listing refused/
  ],
  [
    "takes a lost answer for a lost request",
    each((outcome) => (outcome._tag === "unknown" ? transient : outcome)),
    /whose answer was lost/
  ],
  [
    "takes silence for a refusal",
    each((outcome) => (outcome._tag === "unknown" ? transient : outcome)),
    /not answered in time/
  ],
  [
    "tries again by itself",
    (sound) => ({
      ...sound,
      push: (items) =>
        Effect.flatMap(sound.push(items), (outcomes) =>
          outcomes.some(({ _tag }) => _tag === "notApplied") ? sound.push(items) : Effect.succeed(outcomes)
        )
    }),
    /throttled for as long as Retry-After says/
  ],
  [
    "forgets how long it is to wait",
    each((outcome) => (outcome._tag === "notApplied" ? { ...outcome, retryAfterMillis: undefined } : outcome)),
    /throttled for as long as Retry-After says/
  ],
  [
    "goes on with credentials that are refused",
    each((outcome) => (outcome._tag === "blocked" ? transient : outcome)),
    /credentials are refused/
  ],
  [
    "answers for its items in another order",
    (sound) => ({ ...sound, push: (items) => Effect.map(sound.push(items), (outcomes) => outcomes.toReversed()) }),
    /which item of a batch was refused|one outcome per item/
  ],
  [
    "tells another quantity",
    (sound) => ({
      ...sound,
      push: (items) => sound.push(items.map((one) => ({ ...one, quantity: one.quantity + 1 })))
    }),
    /one outcome per item/
  ],
  [
    "reads back nothing",
    (sound) => ({ ...sound, readBack: () => Effect.succeed({ _tag: "shown", quantities: new Map() }) }),
    /reads back what was applied/
  ],
  [
    "says that a key counts once",
    (sound) => ({ ...sound, descriptor: { ...sound.descriptor, idempotent: true } }),
    /a key applied once/
  ]
]

describe("a connector that", () => {
  it.live.each(wrong)("%s is caught", ([, broken, caughtBy]) =>
    Effect.gen(function* () {
      const target: ConformanceTarget = {
        ...wooCommerce,
        make: (timeoutMillis) =>
          Effect.map(wooCommerce.make(timeoutMillis), (subject) => ({
            ...subject,
            connector: broken(subject.connector)
          }))
      }
      const checks = checksOf(target).filter(({ title }) => caughtBy.test(title))
      assert.isNotEmpty(checks)
      const exits = yield* Effect.forEach(checks, ({ check }) => Effect.exit(Effect.scoped(check)))
      assert.isTrue(exits.some(Exit.isFailure))
    })
  )
})
