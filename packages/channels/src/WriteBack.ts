/**
 * Stores what channels confirmed: in small batches, shortly after, newest only.
 *
 * Guarantee: what is noted is stored or stays noted; a store that is away is tried again for ever, the newest row per
 * listing waits for it. On release what is left is stored once more, if the store answers in time. It never blocks.
 */
import type { ChannelId, Sku } from "@holdfast/domain/Identity"
import { Effect, Latch, type Scope } from "effect"
import { writeBackMillis, writeBackRowsMax } from "./ChannelLimit.ts"
import { ListingStore, type StoredListing } from "./ListingStore.ts"

/** Milliseconds that the last batch may take while the process ends. */
const farewellMillis = 3_000
const retryMillis = 1_000

export interface WriteBack {
  readonly note: (row: StoredListing) => void
  /** rows that are not stored yet */
  readonly unsaved: () => number
}

export const makeWriteBack = (channel: ChannelId): Effect.Effect<WriteBack, never, ListingStore | Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* ListingStore
    const noted = new Map<Sku, StoredListing>()
    const some = Latch.makeUnsafe()
    const saveSome = Effect.suspend(() => {
      const rows = [...noted.values()].slice(0, writeBackRowsMax)
      return Effect.tap(store.save(channel, rows), () =>
        Effect.sync(() => {
          for (const row of rows) if (noted.get(row.sku) === row) noted.delete(row.sku)
        })
      )
    })
    const saveAll = Effect.whileLoop({ while: () => noted.size > 0, body: () => saveSome, step: () => undefined })
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
      unsaved: () => noted.size
    }
  })
