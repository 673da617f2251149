/**
 * What every connector must do, as checks that any test runner can run, over real HTTP: see the README, "Add a connector in an
 * afternoon".
 *
 * Each check makes a channel of its own. A check that a connector's channel cannot be put to, since it has no batches or no
 * read-back, is not among its checks: `checksOf` says which are.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { Effect, type Scope } from "effect"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import type { ChannelConnector, PushItem, PushOutcome } from "../ChannelConnector.ts"
import type { Fault, FaultyProxy } from "./FaultyProxy.ts"
import { strangeAnswers } from "./StrangeAnswers.ts"

/** A connector that talks to a channel through a proxy. */
export interface ConformanceSubject {
  readonly connector: ChannelConnector
  readonly proxy: FaultyProxy
  /** what the channel lists and shows none of: at least three */
  readonly skus: ReadonlyArray<Sku>
  /** writes to listings that the channel has applied so far */
  readonly applied: () => number | Promise<number>
  /** Present when the channel accepts a write first: everything that it accepted so far is applied. */
  readonly land?: () => void
  /** units that the channel shows */
  readonly shown: (sku: Sku) => number | undefined | Promise<number>
  /** Sees to it that the channel refuses the next push of the SKU that is returned, as one that it does not list. */
  readonly unlisted?: () => Sku
  /** Sees to it that our credentials are refused from now on. */
  readonly expire: () => void | Promise<void>
}

export interface ConformanceTarget {
  /** begins with the kind of its connector */
  readonly name: string
  readonly hasBatches: boolean
  readonly hasReadBack: boolean
  readonly hasUnlisted: boolean
  /** absent: it may say that we are too fast */
  readonly hasThrottle?: false
  /** a push asks this many requests before the one that writes; none when absent */
  readonly readsFirst?: number
  /** @param timeoutMillis of the connector */
  readonly make: (timeoutMillis: number) => Effect.Effect<ConformanceSubject, Error, Scope.Scope>
}

export interface ConformanceCheck {
  readonly title: string
  readonly check: Effect.Effect<void, Error, Scope.Scope>
}

/** Long enough that nothing but silence exceeds it, and short where silence is what is tested. */
const patientMillis = 20_000
const shortMillis = 150
/** The same where an answer is read before silence is met. */
const shortAfterReadingMillis = 3_000

const tags = ["applied", "accepted", "stale", "rejected", "notApplied", "unknown", "blocked"]

const item = (sku: Sku, quantity: number, version = 1): PushItem => ({
  sku,
  quantity,
  version,
  key: `conformance:${sku}:${version}:${quantity}`,
  expected: undefined
})

const text = (outcome: PushOutcome | undefined): string =>
  outcome === undefined ? "none" : "because" in outcome ? `${outcome._tag}/${outcome.because}` : outcome._tag

/** A subject, and the requests of its pushes before the one that writes. */
interface Examined extends ConformanceSubject {
  readonly readsFirst: number
}

type Check = (subject: Examined) => Effect.Effect<void>

/** What a write comes to that the channel takes. */
const taken = ({ land }: Examined): string => (land === undefined ? "applied" : "accepted")

const applied = (subject: Examined) => Effect.promise(async () => subject.applied())
const shown = (subject: Examined, ...skus: ReadonlyArray<Sku>) =>
  Effect.promise(() => Promise.all(skus.map(async (sku) => subject.shown(sku))))

/** The request that writes meets this, those before it pass. */
const meetsWriting = ({ proxy, readsFirst }: Examined, fault: Fault): void => {
  for (let i = 0; i < readsFirst; i++) proxy.meets({ _tag: "passes" })
  proxy.meets(fault)
}

const pushOne = ({ connector, skus }: Examined, quantity = 7) =>
  Effect.map(connector.push([item(skus[0]!, quantity)]), (outcomes) => {
    strictEqual(outcomes.length, 1)
    return outcomes[0]!
  })

const batch = ({ connector, skus }: Examined) =>
  skus.slice(0, Math.min(3, connector.descriptor.batchMax)).map((sku, i) => item(sku, i + 5))

const answersInOrder: Check = (subject) =>
  Effect.gen(function* () {
    const items = batch(subject)
    const outcomes = yield* subject.connector.push(items)
    deepStrictEqual(
      outcomes.map(text),
      items.map(() => taken(subject))
    )
    subject.land?.()
    deepStrictEqual(
      yield* shown(subject, ...items.map(({ sku }) => sku)),
      items.map(({ quantity }) => quantity)
    )
    const untold = yield* shown(subject, ...subject.skus.slice(items.length))
    ok(
      untold.every((quantity) => (quantity ?? 0) === 0),
      "a listing that was not told is left alone"
    )
    deepStrictEqual(yield* subject.connector.push([]), [])
  })

const readsBack: Check = (subject) =>
  Effect.gen(function* () {
    const items = batch(subject)
    yield* subject.connector.push(items)
    subject.land?.()
    // what the channel says of its budgets along with it is its own business
    const { observed: _, ...shown } = yield* subject.connector.readBack!(items.map(({ sku }) => sku))
    deepStrictEqual(shown, { _tag: "shown", quantities: new Map(items.map(({ sku, quantity }) => [sku, quantity])) })
  })

/** What is told twice is shown as told; a key that is applied once is not applied again. */
const appliesKeyOnce: Check = (subject) =>
  Effect.gen(function* () {
    const items = batch(subject)
    const expected = items.map(() => taken(subject))
    deepStrictEqual((yield* subject.connector.push(items)).map(text), expected)
    subject.land?.()
    const before = yield* applied(subject)
    deepStrictEqual((yield* subject.connector.push(items)).map(text), expected)
    subject.land?.()
    if (subject.connector.descriptor.idempotent) strictEqual(yield* applied(subject), before)
    deepStrictEqual(
      yield* shown(subject, ...items.map(({ sku }) => sku)),
      items.map(({ quantity }) => quantity)
    )
  })

const throttled =
  (headers: Readonly<Record<string, string>>, retryAfterMillis: number | undefined): Check =>
  (subject) =>
    Effect.gen(function* () {
      subject.proxy.meets({ _tag: "status", status: 429, headers })
      const outcome = yield* pushOne(subject)
      strictEqual(text(outcome), "notApplied/throttled")
      strictEqual(outcome._tag === "notApplied" ? outcome.retryAfterMillis : 0, retryAfterMillis)
      strictEqual(yield* applied(subject), 0)
      strictEqual(subject.proxy.requests(), 1, "a connector does not try again by itself")
    })

const attributes: Check = (subject) =>
  Effect.gen(function* () {
    const [first, last] = [item(subject.skus[0]!, 3), item(subject.skus[1]!, 4)]
    // not in the middle, where outcomes in another order would look the same
    const outcomes = yield* subject.connector.push([item(subject.unlisted!(), 9), first, last])
    strictEqual(outcomes.length, 3)
    strictEqual(text(outcomes[0]), "rejected/mapping")
    const again = [first, last].filter((_, i) => text(outcomes[i + 1]) === "notApplied/batchMate")
    for (const i of [1, 2]) ok([taken(subject), "notApplied/batchMate"].includes(text(outcomes[i])), text(outcomes[i]))
    deepStrictEqual(
      (yield* subject.connector.push(again)).map(text),
      again.map(() => taken(subject))
    )
    subject.land?.()
    deepStrictEqual(yield* shown(subject, first.sku, last.sku), [3, 4])
  })

const losesAnswer: Check = (subject) =>
  Effect.gen(function* () {
    meetsWriting(subject, { _tag: "lost" })
    strictEqual(text(yield* pushOne(subject)), "unknown")
    subject.land?.()
    deepStrictEqual(yield* shown(subject, subject.skus[0]!), [7])
    strictEqual(subject.proxy.requests(), subject.readsFirst + 1, "a connector does not try again by itself")
  })

const hearsNothing: Check = (subject) =>
  Effect.gen(function* () {
    meetsWriting(subject, { _tag: "silent" })
    strictEqual(text(yield* pushOne(subject)), "unknown")
  })

const isBlocked: Check = (subject) =>
  Effect.gen(function* () {
    yield* Effect.promise(async () => subject.expire())
    strictEqual(text(yield* pushOne(subject)), "blocked")
    strictEqual(yield* applied(subject), 0)
  })

const refusesUnlisted: Check = (subject) =>
  Effect.gen(function* () {
    const [outcome] = yield* subject.connector.push([item(subject.unlisted!(), 1)])
    strictEqual(text(outcome), "rejected/mapping")
    ok(outcome!._tag === "rejected" && outcome!.detail !== "")
  })

const bearsAnything: Check = (subject) =>
  Effect.gen(function* () {
    const { connector, proxy, readsFirst, skus } = subject
    for (const [i, fault] of strangeAnswers.entries()) {
      proxy.meets(fault)
      ok(tags.includes((yield* pushOne(subject, i))._tag))
      if (readsFirst > 0) {
        meetsWriting(subject, fault)
        ok(tags.includes((yield* pushOne(subject, 100 + i))._tag))
      }
      if (connector.readBack === undefined) continue
      proxy.meets(fault)
      ok(["shown", "unreachable"].includes((yield* connector.readBack([skus[0]!]))._tag))
    }
    strictEqual(text(yield* pushOne(subject, 8)), taken(subject))
  })

/** The checks that apply to a connector. */
export const checksOf = (target: ConformanceTarget): ReadonlyArray<ConformanceCheck> => {
  const { hasBatches, hasReadBack, hasUnlisted, hasThrottle = true, readsFirst = 0 } = target
  const all: ReadonlyArray<readonly [applies: boolean, title: string, check: Check, timeoutMillis?: number]> = [
    [true, "gives one outcome per item, in their order, and none for none", answersInOrder],
    [hasReadBack, "reads back what was applied", readsBack],
    [true, "has a key applied once, when it says so", appliesKeyOnce],
    [hasThrottle, "is throttled for as long as Retry-After says", throttled({ "retry-after": "7" }, 7_000)],
    [hasThrottle, "is throttled when nobody says for how long", throttled({}, undefined)],
    [hasBatches && hasUnlisted, "says which item of a batch was refused, and that the others may go again", attributes],
    [true, "does not know what became of a write whose answer was lost", losesAnswer],
    [
      true,
      "does not know what became of a write that is not answered in time",
      hearsNothing,
      readsFirst > 0 ? shortAfterReadingMillis : shortMillis
    ],
    [true, "is blocked when its credentials are refused", isBlocked],
    [hasUnlisted, "has a listing refused that the channel does not know", refusesUnlisted],
    [true, "bears any answer, and works on", bearsAnything]
  ]
  return all
    .filter(([applies]) => applies)
    .map(([, title, check, timeoutMillis = patientMillis]) => ({
      title,
      check: Effect.flatMap(target.make(timeoutMillis), (subject) => check({ ...subject, readsFirst }))
    }))
}
