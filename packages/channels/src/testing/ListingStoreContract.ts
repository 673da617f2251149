/**
 * What every listing store must do, as checks that any test runner can run against any implementation.
 *
 * Each check uses channels of its own, so that all may run against one store.
 */
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import { Effect } from "effect"
import { deepStrictEqual } from "node:assert"
import { ListingStore, type ListingStoreError, type StoredListing } from "../ListingStore.ts"

export interface ContractCheck {
  readonly title: string
  readonly check: Effect.Effect<void, ListingStoreError, ListingStore>
}

const row = (sku: string, quantity: number, version: number): StoredListing => ({
  sku: Sku.make(sku),
  quantity,
  version,
  confirmedAt: 1_790_000_000_123
})

const loaded = (channel: ChannelId) =>
  Effect.gen(function* () {
    const store = yield* ListingStore
    return [...(yield* store.load(channel))].sort((a, b) => (a.sku < b.sku ? -1 : 1))
  })

const save = (channel: ChannelId, rows: ReadonlyArray<StoredListing>) =>
  Effect.flatMap(ListingStore, (store) => store.save(channel, rows, []))

export const listingStoreContract: ReadonlyArray<ContractCheck> = [
  {
    title: "has no listings of a channel that never confirmed any",
    check: Effect.gen(function* () {
      deepStrictEqual(yield* loaded(ChannelId.make("contract-empty")), [])
    })
  },
  {
    title: "gives back what was saved, with any SKU that is allowed",
    check: Effect.gen(function* () {
      const channel = ChannelId.make("contract-roundtrip")
      const rows = [
        row("A.1 *>", 0, 0),
        row("Größe'; drop table listing", 2_000_000_000, 9_007_199_254_740),
        row("🧦", 7, 3)
      ]
      yield* save(channel, rows)
      deepStrictEqual(yield* loaded(channel), rows)
    })
  },
  {
    title: "keeps channels apart",
    check: Effect.gen(function* () {
      const [one, other] = [ChannelId.make("contract-one"), ChannelId.make("contract-other")]
      yield* save(one, [row("A", 1, 1)])
      yield* save(other, [row("A", 2, 2)])
      deepStrictEqual(yield* loaded(one), [row("A", 1, 1)])
      deepStrictEqual(yield* loaded(other), [row("A", 2, 2)])
    })
  },
  {
    title: "replaces a version by the same or a newer one, never by an older",
    check: Effect.gen(function* () {
      const channel = ChannelId.make("contract-versions")
      yield* save(channel, [row("newer", 1, 5), row("same", 1, 5), row("older", 1, 5)])
      yield* save(channel, [row("newer", 2, 6), row("same", 2, 5), row("older", 2, 4)])
      deepStrictEqual(yield* loaded(channel), [row("newer", 2, 6), row("older", 1, 5), row("same", 2, 5)])
    })
  },
  {
    title: "takes no rows, and a thousand",
    check: Effect.gen(function* () {
      const channel = ChannelId.make("contract-many")
      yield* save(channel, [])
      yield* save(
        channel,
        Array.from({ length: 1_000 }, (_, i) => row(`S${i}`, i, i))
      )
      const rows = yield* loaded(channel)
      deepStrictEqual([rows.length, rows.reduce((sum, each) => sum + each.quantity, 0)], [1_000, 499_500])
    })
  },
  {
    title: "gives back how often listings were written, the last that was stored of each, where it still counts",
    check: Effect.gen(function* () {
      const channel = ChannelId.make("contract-days")
      const store = yield* ListingStore
      const until = 9_000_000_000_123
      const days = (sku: string, writes: number, ends = until) => ({
        sku: Sku.make(sku),
        written: { "24 hours": [[ends, writes, 0] as const], UTC: [] },
        until: ends
      })
      deepStrictEqual([...(yield* store.loadDays(channel))], [])
      yield* store.saveDays(channel, [])
      yield* store.saveDays(channel, [days("A", 1), days("Größe'; drop table listing_day", 2), days("past", 3, -1_000)])
      yield* store.saveDays(channel, [days("A", 7)])
      const rows = [...(yield* store.loadDays(channel))].sort((a, b) => (a.sku < b.sku ? -1 : 1))
      deepStrictEqual(rows, [days("A", 7), days("Größe'; drop table listing_day", 2)])
      deepStrictEqual([...(yield* store.loadDays(ChannelId.make("contract-days-other")))], [])
    })
  }
]
