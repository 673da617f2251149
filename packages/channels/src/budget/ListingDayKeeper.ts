/**
 * Stores how often the listings of a channel are written in a day, before they are.
 *
 * Guarantee: what asks to be stored is stored or goes on asking; a store that is away is tried again for ever. Listings that ask
 * meanwhile go in the next statement together. On release what was stored and not used is given back, if the store answers in time.
 */
import type { ChannelId, Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, Latch, type Scope } from "effect"
import { dayStoreRetryMillis } from "../ChannelLimit.ts"
import { ListingStore, type ListingStoreError } from "../ListingStore.ts"
import type { ListingDays } from "./ListingDays.ts"

/** Milliseconds that giving back may take while the process ends. */
const farewellMillis = 3_000

/** Lives as long as the scope. @param onStored these may be written now */
export const keepListingDays = (
  channel: ChannelId,
  days: ListingDays,
  onStored: (skus: ReadonlyArray<Sku>) => void
): Effect.Effect<void, ListingStoreError, ListingStore | Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* ListingStore
    const asked = Latch.makeUnsafe()
    const rows = yield* store.loadDays(channel)
    days.storeFirst(rows, yield* Clock.currentTimeMillis, () => void asked.openUnsafe())
    const save = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const rows = days.toStore(now)
      if (rows.length === 0) return yield* asked.close
      yield* store.saveDays(channel, rows)
      days.stored(rows, now)
      onStored(rows.map(({ sku }) => sku))
    })
    // whoever asked is at work still: others may ask along
    const loop = asked.await.pipe(
      Effect.andThen(Effect.yieldNow),
      Effect.andThen(save),
      Effect.catch((error) =>
        Effect.andThen(
          Effect.logWarning(`listings of channel ${channel} wait: their day is not stored`, error),
          Effect.sleep(dayStoreRetryMillis)
        )
      ),
      Effect.forever
    )
    const giveBack = Effect.flatMap(Clock.currentTimeMillis, (now) => store.saveDays(channel, days.toReturn(now)))
    yield* Effect.addFinalizer(() => giveBack.pipe(Effect.timeoutOption(farewellMillis), Effect.ignore))
    yield* Effect.forkScoped(loop)
  })
