/**
 * Facts that were parked as `unknown_sku` go back through the front door by themselves once their SKU is known: as stock, or as a
 * bundle, whose components they then concern.
 *
 * Guarantee: each is applied once, however often this is interrupted: it is published under a message id that follows from its
 * row, marked only after the broker has stored it, and recognised by its event's own id if it comes twice. Facts of one SKU are
 * published in the order in which they arrived. A turn publishes at most `turnMax` of them and the next begins a second later,
 * so that news is not kept waiting; while NATS or PostgreSQL is away nothing is lost and the turn is tried again.
 * Facts whose SKU never becomes known stay parked, and so do those of a quarantined one, and what no bundle can be told, such as
 * an allotment. What came for the SKU since it is
 * known was applied before them: facts may come late.
 */
import { decodeFact } from "@holdfast/bus/FactMessage"
import { isAboutComponents } from "@holdfast/domain/BundleExplosion"
import { bundleOf } from "@holdfast/domain/EventManifest"
import { Database, query } from "@holdfast/ledger/Database"
import { parkedNowKnown, type NowKnownFact } from "@holdfast/ledger/ParkedNowKnown"
import { Cause, Clock, Effect, Layer, Result } from "effect"
import { replayParked } from "./parked/ParkedPublish.ts"

/** Milliseconds between two turns at least, and at most. */
const turnMillis = 1_000
const turnMillisMax = 10_000

/** Share of the time that the database may be asked: where very much waits it is looked at less often. */
const lookShare = 1 / 10

/** Facts that are published in one turn: a small part of what the front door takes in a second. */
const turnMax = 200

/** SKUs whose facts are published at the same time. */
const concurrency = 8

/** Ids of facts that would only be parked again which are remembered; beyond it they are looked at anew. */
const refusedMax = 10_000

const refuse = (refused: Set<number>, id: number): void => {
  if (refused.size >= refusedMax) refused.clear()
  refused.add(id)
}

/** Only what would be parked again: a bundle has no stock of its own, and bundles are resolved once. */
const isUseless = ({ hasStock, payload }: NowKnownFact): boolean => {
  if (hasStock) return false
  const fact = Result.map(decodeFact(JSON.parse(new TextDecoder().decode(payload))), (message) => message.fact)
  return Result.isFailure(fact) || !isAboutComponents(fact.success.type) || bundleOf(fact.success) !== undefined
}

/** In order, and not beyond the first that cannot be published now. Succeeds with how many were. */
const replayInOrder = Effect.fnUntraced(function* (facts: ReadonlyArray<NowKnownFact>, refused: Set<number>) {
  let replayed = 0
  for (const fact of facts) {
    const left = yield* replayParked(fact)
    if (left === undefined) {
      replayed += 1
      continue
    }
    refuse(refused, fact.id)
    yield* Effect.logWarning(`${fact.sku} is known, but fact ${fact.id} stays parked: ${left}`)
  }
  return replayed
})

const turn = Effect.fnUntraced(function* (refused: Set<number>) {
  const { sql } = yield* Database
  const began = yield* Clock.currentTimeMillis
  const found = yield* query(() => parkedNowKnown(sql, turnMax, refused))
  const looked = (yield* Clock.currentTimeMillis) - began
  const { useful: facts = [], useless = [] } = Object.groupBy(found, (fact) => (isUseless(fact) ? "useless" : "useful"))
  for (const { id } of useless) refuse(refused, id)
  const bySku = [...Map.groupBy(facts, ({ sku }) => sku)]
  const counts = yield* Effect.forEach(bySku, ([, ofSku]) => replayInOrder(ofSku, refused), { concurrency })
  const replayed = counts.reduce((sum, count) => sum + count, 0)
  if (replayed > 0) yield* Effect.logInfo(`${replayed} facts of SKUs that have become known were replayed`)
  return Math.min(turnMillisMax, Math.max(turnMillis, looked / lookShare))
})

/** Says once that something is away, not every second. */
const run = Effect.gen(function* () {
  const refused = new Set<number>()
  let away = false
  while (true) {
    const pause = yield* turn(refused).pipe(
      Effect.tap(() => Effect.sync(() => void (away = false))),
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
        const said = away
        away = true
        const warning = `facts of SKUs that have become known wait: ${Cause.pretty(cause).split("\n")[0]}`
        return Effect.as(said ? Effect.void : Effect.logWarning(warning), turnMillis)
      })
    )
    yield* Effect.sleep(pause)
  }
})

/** Runs for as long as the layer lives. Needs `Database` and `NatsConnection`. */
export const layer = Layer.effectDiscard(Effect.forkScoped(run))
