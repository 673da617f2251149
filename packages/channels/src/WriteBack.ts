/**
 * Stores what channels confirmed, all that they were told, and when their runs began: in small batches, shortly after.
 *
 * Guarantee: what is noted is stored or stays noted; a store that is away is tried again for ever. The newest row per listing
 * waits for it, and the whole history up to a bound, beyond which the gap is stored. A batch whose answer was lost is stored
 * twice: the history may repeat itself. On release what is left is stored once more, if the store answers in time. It never
 * blocks.
 */
import type { ChannelId, Sku } from "@holdfast/domain/Identity"
import { Effect, Latch, type Scope } from "effect"
import { writeBackMillis, writeBackRowsMax } from "./ChannelLimit.ts"
import type { ScheduledRun } from "./OutputPorts.ts"
import { HistoryQueue } from "./HistoryQueue.ts"
import { ListingStore, type ListingChange, type StoredListing } from "./ListingStore.ts"

/** Milliseconds that the last batch may take while the process ends. */
const farewellMillis = 3_000
const retryMillis = 1_000

export interface WriteBack {
  readonly note: (row: StoredListing) => void
  readonly ran: (run: ScheduledRun) => void
  readonly record: (change: ListingChange) => void
  /** rows that are not stored yet */
  readonly unsaved: () => number
}

export const makeWriteBack = (channel: ChannelId): Effect.Effect<WriteBack, never, ListingStore | Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* ListingStore
    const noted = new Map<Sku, StoredListing>()
    const history = new HistoryQueue()
    const some = Latch.makeUnsafe()
    const boundHistory = Effect.suspend(() => {
      const dropped = history.dropOldest()
      if (dropped === 0) return Effect.void
      return Effect.logWarning(`channel ${channel}: ${dropped} entries of its history were dropped, unstored too long`)
    })
    const saveSome = Effect.suspend(() => {
      const rows = [...noted.values()].slice(0, writeBackRowsMax)
      const changes = history.oldest(writeBackRowsMax)
      return Effect.tap(store.save(channel, rows, changes), () =>
        Effect.sync(() => {
          for (const row of rows) if (noted.get(row.sku) === row) noted.delete(row.sku)
          history.stored(changes)
        })
      )
    })
    let run: ScheduledRun | undefined
    const saveRun = Effect.suspend(() => {
      const noted = run
      if (noted === undefined) return Effect.void
      return Effect.tap(store.saveRun(channel, noted), () =>
        Effect.sync(() => {
          if (run === noted) run = undefined
        })
      )
    })
    const saveListings = Effect.whileLoop({
      while: () => noted.size > 0 || history.length > 0,
      body: () => Effect.andThen(boundHistory, saveSome),
      step: () => undefined
    })
    const saveAll = Effect.andThen(saveListings, saveRun)
    const loop = Effect.gen(function* () {
      yield* some.await
      yield* Effect.sleep(writeBackMillis)
      yield* some.close
      yield* saveAll
    }).pipe(
      Effect.catch((error) =>
        Effect.logWarning("confirmed quantities wait to be stored", error).pipe(
          Effect.andThen(Effect.sleep(retryMillis)),
          Effect.andThen(some.open)
        )
      ),
      Effect.forever
    )
    yield* Effect.addFinalizer(() => saveAll.pipe(Effect.timeoutOption(farewellMillis), Effect.ignore))
    yield* Effect.forkScoped(loop)
    return {
      note: (row) => {
        noted.set(row.sku, row)
        some.openUnsafe()
      },
      ran: (begun) => {
        run = begun
        some.openUnsafe()
      },
      record: (change) => {
        history.add(change)
        some.openUnsafe()
      },
      unsaved: () => noted.size
    }
  })
