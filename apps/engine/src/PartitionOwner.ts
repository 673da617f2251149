/**
 * Owns one partition for as long as Effect Cluster says so: fence, load what was not announced, serve, consume.
 *
 * Guarantee: the order fence, load, consume. A partition that is lost (fenced, a failed commit, a broken invariant) is taken
 * anew from what is stored, with growing pauses. Two processes may believe that they own it; only one can commit.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { stockStream } from "@holdfast/bus/StreamTopology"
import { Database, query } from "@holdfast/ledger/Database"
import { currentEpoch, quarantineSku, takeOver, unannounced } from "@holdfast/ledger/PartitionOwner"
import { Clock, Deferred, Effect, Layer } from "effect"
import { Singleton } from "effect/cluster"
import { partitions } from "@holdfast/domain/Limit"
import { CommitLanes } from "./CommitLanes.ts"
import { cautiousMessages, ownRetryMillis, ownRetryMillisMax, ownSteadyMillis } from "./EngineLimit.ts"
import { EngineError } from "./EngineError.ts"
import { consumeFacts } from "./FactConsumer.ts"
import { StockOwnership } from "./StockOwnership.ts"
import { StockPartition, type Loss, type StreamedFact } from "./StockPartition.ts"

/** The shard group whose shards carry the partitions. */
export const shardGroup = "stock"

/** What the owner before in this process learned: whether to commit one by one, and what to park. */
interface Lesson {
  cautious: number
  condemned: StreamedFact | undefined
  /** losses in a row that taught nothing, each soon after the one before: the pause grows with them */
  fruitless: number
}

const learn = (lesson: Lesson, loss: Loss, servedMillis: number) =>
  Effect.gen(function* () {
    if (servedMillis > ownSteadyMillis) lesson.fruitless = 0
    if (loss.reason === "invariant") {
      lesson.fruitless = 0
      const { sql } = yield* Database
      yield* Effect.logError("SKU is quarantined: an invariant broke", { sku: loss.sku, detail: loss.detail })
      yield* query(() => quarantineSku(sql, loss.sku, loss.detail))
    } else if (loss.reason === "ledger" && loss.error.reason === "rejected") {
      lesson.fruitless = 0
      lesson.cautious = cautiousMessages
      lesson.condemned = loss.fact
    }
  })

const ownOnce = (partition: number, lesson: Lesson) =>
  Effect.gen(function* () {
    lesson.fruitless += 1
    const { sql } = yield* Database
    const nats = yield* NatsConnection
    const lanes = yield* CommitLanes
    const ownership = yield* StockOwnership
    const stream = yield* Effect.tryPromise({
      try: () => nats.manager.streams.info(stockStream),
      catch: (cause) => new EngineError({ reason: "stream_missing", detail: stockStream, cause })
    })
    const created = String(stream.created)
    const identity = { created, lastSequence: stream.state.last_seq }
    const owned = yield* query(() => takeOver(sql, partition, `pid ${process.pid}`, identity))
    const began = yield* Clock.currentTimeMillis
    const lost = Deferred.makeUnsafe<Loss>()
    const lane = lanes.laneOf(partition)
    const mine = new StockPartition(owned, created, {
      ...lesson,
      wake: lane.wake,
      onLoss: (loss) => Deferred.doneUnsafe(lost, Effect.succeed(loss))
    })
    lanes.announcer.recover(yield* query(() => unannounced(sql, owned)))
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        lane.attach(mine)
        ownership.set(partition, mine)
      }),
      () =>
        Effect.sync(() => {
          lane.detach(mine)
          if (ownership.get(partition) === mine) ownership.delete(partition)
        })
    )
    const loss = yield* Effect.raceFirst(
      Effect.andThen(consumeFacts(nats, mine), Deferred.await(lost)),
      Deferred.await(lost)
    )
    yield* learn(lesson, loss, (yield* Clock.currentTimeMillis) - began)
    const isOurs = isFenced(loss) && (yield* query(() => currentEpoch(sql, partition))) === owned.epoch
    return yield* new EngineError({
      // a commit is refused as a whole: the partition that another one took may be a neighbour in the batch
      reason: isFenced(loss) && !isOurs ? "taken_over" : "partition_lost",
      detail: `partition ${partition}: ${loss.reason === "ledger" ? loss.error.message : loss.reason}`,
      cause: loss
    })
  }).pipe(Effect.scoped)

const isFenced = (loss: Loss): boolean => loss.reason === "ledger" && loss.error.reason === "fenced"

const isTakenOver = (error: unknown): boolean => error instanceof EngineError && error.reason === "taken_over"

/** Taking it back would only start a quarrel: two owners would fence each other for ever. */
const standBy = (partition: number, error: { readonly message: string }) =>
  Effect.logError(
    "another engine owns the partition; this one stands by: stop one of them, then start this one again",
    { partition, why: error.message }
  ).pipe(Effect.andThen(Effect.never))

const pause = ({ fruitless }: Lesson) =>
  Effect.sleep(Math.min(ownRetryMillis * 2 ** Math.max(0, fruitless - 1), ownRetryMillisMax))

const own = (partition: number) =>
  Effect.suspend(() => {
    const lesson: Lesson = { cautious: 0, condemned: undefined, fruitless: 0 }
    return ownOnce(partition, lesson).pipe(
      Effect.tapError((error) => Effect.logWarning("partition starts anew", { partition, why: error.message })),
      Effect.tapError(() => pause(lesson)),
      Effect.retry({ while: (error) => !isTakenOver(error) }),
      Effect.catch((error) => standBy(partition, error))
    )
  })

/** One cluster singleton per partition: started by whoever owns the shard, interrupted when the shard goes away. */
export const partitionOwners = Array.from({ length: partitions }, (_, partition) =>
  Singleton.make(`p${partition}`, own(partition), { shardGroup })
).reduce((all, one) => Layer.merge(all, one))
