/**
 * Wakes the SKUs whose holds are due, so that channels hear of the units that come back.
 *
 * Guarantee: tidies up only. Whether a hold has expired is decided by the SKU's actor, by the database's clock.
 */
import { Database, query } from "@holdfast/ledger/Database"
import { skusWithDueHolds } from "@holdfast/ledger/PartitionOwner"
import { Effect, Layer, Schedule } from "effect"
import { sweepMillis, sweepSkusMax } from "./EngineLimit.ts"
import { StockOwnership } from "./StockOwnership.ts"

const sweep = Effect.gen(function* () {
  const { sql } = yield* Database
  const ownership = yield* StockOwnership
  const due = yield* query(() => skusWithDueHolds(sql, sweepSkusMax))
  for (const { sku, partition } of due) void ownership.get(partition)?.push([{ kind: "expire", sku }])
})

export const holdSweeper = Layer.effectDiscard(
  sweep.pipe(
    Effect.catch((error) => Effect.logWarning("due holds could not be looked up", error.message)),
    Effect.repeat(Schedule.spaced(sweepMillis)),
    Effect.forkScoped
  )
)
