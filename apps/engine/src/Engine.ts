/**
 * The engine: partitions owned through Effect Cluster, their actors, commits, announcements, and the requests.
 *
 * `layerSingle` is the engine of one machine: the cluster's storage is in memory and every partition is owned here.
 */
import { Bundles } from "@holdfast/ledger/Bundles"
import { Effect, Layer, Schedule } from "effect"
import { MessageStorage, RunnerHealth, Runners, RunnerStorage, Sharding, ShardingConfig } from "effect/cluster"
import { partitions } from "@holdfast/domain/Limit"
import { CommitLanes } from "./CommitLanes.ts"
import { EngineError } from "./EngineError.ts"
import { GroupCoordinator } from "./GroupCoordinator.ts"
import { GroupLines } from "./GroupLines.ts"
import { GroupRegister } from "./GroupRegister.ts"
import { GroupSweeper } from "./GroupSweeper.ts"
import { holdSweeper } from "./HoldSweeper.ts"
import { partitionOwners, shardGroup } from "./PartitionOwner.ts"
import { AvailabilityDesk } from "./AvailabilityDesk.ts"
import { HistoryDesk } from "./HistoryDesk.ts"
import { ReservationDesk } from "./ReservationDesk.ts"
import { reservationSubjects } from "./ReservationSubjects.ts"
import { StockOwnership } from "./StockOwnership.ts"

const groups = ["default", shardGroup]

const clusterInMemory = Sharding.layer.pipe(
  Layer.provide(Runners.layerNoop),
  Layer.provide(RunnerHealth.layerNoop),
  Layer.provide([RunnerStorage.layerMemory, MessageStorage.layerNoop]),
  Layer.provide(
    ShardingConfig.layer({
      shardsPerGroup: partitions,
      availableShardGroups: groups,
      assignedShardGroups: groups,
      simulateRemoteSerialization: false
    })
  )
)

/** Serves once all partitions are owned; fails when that takes longer than a minute. */
const untilAllOwned = Effect.gen(function* () {
  const ownership = yield* StockOwnership
  yield* Effect.suspend(() =>
    ownership.size === partitions
      ? Effect.void
      : Effect.fail(
          new EngineError({
            reason: "not_ready",
            detail: `only ${ownership.size} of ${partitions} partitions could be taken over; see the warnings above`,
            cause: undefined
          })
        )
  ).pipe(Effect.retry(Schedule.max([Schedule.spaced(10), Schedule.recurs(6_000)])))
})

/** Needs `Database`, `NatsConnection`, `EngineObserver`. Built when every partition is owned. */
export const layerSingle = Layer.effectDiscard(untilAllOwned).pipe(
  Layer.provideMerge(Layer.mergeAll(partitionOwners, holdSweeper, GroupSweeper.regularly, reservationSubjects)),
  Layer.provide(clusterInMemory),
  Layer.provideMerge(
    ReservationDesk.layer.pipe(Layer.provide([AvailabilityDesk.layer, HistoryDesk.layer]), Layer.provide(Bundles.layer))
  ),
  Layer.provideMerge(Layer.merge(GroupCoordinator.layer, GroupSweeper.layer)),
  Layer.provide(GroupLines.layer),
  Layer.provide(GroupRegister.layer),
  Layer.provideMerge(CommitLanes.layer),
  Layer.provideMerge(StockOwnership.layer)
)
