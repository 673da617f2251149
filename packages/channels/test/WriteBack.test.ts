/** What the store gets to keep of a channel: all that it was told, also when the store is away. */
import { assert, describe, it } from "@effect/vitest"
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { historyWaitingMax } from "../src/ChannelLimit.ts"
import { HistoryQueue } from "../src/HistoryQueue.ts"
import { ListingStore, ListingStoreError, type ListingChange, type StoredListing } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { makeWriteBack } from "../src/WriteBack.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { applied, ScriptedConnector, type Reply } from "./ScriptedConnector.ts"

const change = (sku: string, version: number, quantity = version): ListingChange => ({
  sku: Sku.make(sku),
  quantity,
  version,
  outcome: "applied",
  requestedAt: version,
  answeredAt: version + 1,
  attempts: 1
})

/** A store that can be away, and that can store a batch and lose the answer. */
const scriptedStore = () => {
  const history: Array<ListingChange> = []
  const rows = new Map<Sku, StoredListing>()
  const store = { history, rows, calls: 0, mode: "well" as "well" | "away" | "mute" }
  const failure = new ListingStoreError({ reason: "save_failed", channel: "shop", cause: new Error("away") })
  const layer = Layer.succeed(ListingStore, {
    lastRun: () => Effect.succeed(undefined),
    loadDays: () => Effect.succeed([]),
    saveDays: () => Effect.void,
    saveRun: () => Effect.void,
    load: () => Effect.succeed([...rows.values()]),
    save: (_, newRows, changes) =>
      Effect.suspend(() => {
        store.calls += 1
        if (store.mode === "away") return Effect.fail(failure)
        for (const row of newRows) rows.set(row.sku, row)
        history.push(...changes)
        return store.mode === "mute" ? Effect.fail(failure) : Effect.void
      })
  })
  return { store, layer }
}

describe("WriteBack", () => {
  it.effect("stores every change in order, while of the rows only the newest is stored", () => {
    const { store, layer } = scriptedStore()
    return Effect.gen(function* () {
      const writeBack = yield* makeWriteBack(ChannelId.make("shop"))
      for (let version = 1; version <= 5; version++) {
        writeBack.record(change("A", version))
        writeBack.note({ sku: Sku.make("A"), quantity: version, version, confirmedAt: version })
      }
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(
        store.history.map(({ version }) => version),
        [1, 2, 3, 4, 5]
      )
      assert.strictEqual(store.rows.get(Sku.make("A"))?.version, 5)
      assert.strictEqual(store.calls, 1)
    }).pipe(Effect.scoped, Effect.provide(layer))
  })

  it.effect("keeps what it could not store until the store is back, and what comes meanwhile", () => {
    const { store, layer } = scriptedStore()
    return Effect.gen(function* () {
      const writeBack = yield* makeWriteBack(ChannelId.make("shop"))
      store.mode = "away"
      writeBack.record(change("A", 1))
      yield* TestClock.adjust(30_000)
      assert.isAbove(store.calls, 3)
      writeBack.record(change("B", 2))
      store.mode = "well"
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(store.history, [change("A", 1), change("B", 2)])
    }).pipe(Effect.scoped, Effect.provide(layer))
  })

  it.effect("loses nothing of a batch whose answer was lost, though it is stored twice", () => {
    const { store, layer } = scriptedStore()
    return Effect.gen(function* () {
      const writeBack = yield* makeWriteBack(ChannelId.make("shop"))
      store.mode = "mute"
      writeBack.record(change("A", 1))
      yield* TestClock.adjust(200)
      store.mode = "well"
      writeBack.record(change("A", 2))
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(
        store.history.map(({ version }) => version),
        [1, 1, 2]
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  })

  it.effect("stores what is left when it ends", () => {
    const { store, layer } = scriptedStore()
    return Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.map(makeWriteBack(ChannelId.make("shop")), (writeBack) => writeBack.record(change("A", 1)))
      )
      assert.strictEqual(store.history.length, 1)
    }).pipe(Effect.provide(layer))
  })
})

describe("HistoryQueue", () => {
  it("drops the oldest beyond its bound, and the next entry of each listing says how many", () => {
    const queue = new HistoryQueue()
    for (let i = 0; i < 3; i++) queue.add(change("A", i))
    queue.add(change("B", 3))
    for (let i = 4; i < historyWaitingMax + 4; i++) queue.add(change(i % 2 === 0 ? "A" : "C", i))
    assert.strictEqual(queue.dropOldest(), 4)
    assert.strictEqual(queue.dropOldest(), 0)
    assert.strictEqual(queue.length, historyWaitingMax)
    const first = queue.oldest(3)
    assert.deepStrictEqual(first, [{ ...change("A", 4), lost: 3 }, change("C", 5), change("A", 6)])
    queue.stored(first)
    queue.add(change("B", historyWaitingMax + 4))
    const rest = queue.oldest(historyWaitingMax)
    assert.deepStrictEqual(
      rest.filter(({ lost }) => lost !== undefined),
      [{ ...change("B", historyWaitingMax + 4), lost: 1 }]
    )
  })
})

describe("what an output stream keeps", () => {
  const reply = (outcome: Reply["outcome"], applies = false): Reply => ({ outcome, applies, millis: 20 })
  const refused = reply({ _tag: "notApplied", because: "transient", retryAfterMillis: undefined, detail: "refused" })

  /** Offers 10 units as version 1, then what `next` does; gives the history. */
  const kept = (
    channel: ScriptedConnector,
    next: (offer: (version: number, units: number) => void) => Effect.Effect<void>
  ) => {
    const { store, layer } = scriptedStore()
    return Effect.gen(function* () {
      yield* TestClock.setTime(1_000_000)
      const { offer } = yield* makeOutputStream({ definition: channelDefinition(), connector: channel.connector })
      const offerStock = (version: number, units: number) => offer(announce("A", version, units, 1_000_000))
      offerStock(1, 10)
      yield* TestClock.adjust(50)
      yield* next(offerStock)
      yield* TestClock.adjust(60_000)
      return store.history.map(({ requestedAt, answeredAt, ...rest }) => {
        assert.isBelow(requestedAt, answeredAt)
        return rest
      })
    }).pipe(Effect.scoped, Effect.provide(layer))
  }
  const told = { sku: Sku.make("A"), attempts: 1, outcome: "applied" as const }

  it.effect("is every push that was confirmed, with its calls, and nothing for what needed none", () =>
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = (_, call) => (call === 1 || call === 2 ? refused : applied)
      const history = yield* kept(channel, (offer) =>
        Effect.gen(function* () {
          offer(2, 10)
          offer(3, 7)
          yield* TestClock.adjust(5_000)
          offer(4, 7)
        })
      )
      assert.deepStrictEqual(history, [
        { ...told, quantity: 10, version: 1 },
        { ...told, quantity: 7, version: 3, attempts: 3 }
      ])
    })
  )

  it.effect("is what the channel rejected, and why, within bounds", () =>
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const detail = "no such listing ".repeat(1_000)
      channel.reply = ({ version }) =>
        version === 2 ? reply({ _tag: "rejected", because: "mapping", detail }) : applied
      const history = yield* kept(channel, (offer) => Effect.sync(() => offer(2, 9)))
      assert.deepStrictEqual(history, [
        { ...told, quantity: 10, version: 1 },
        { ...told, quantity: 9, version: 2, outcome: "rejected", detail: detail.slice(0, 300) }
      ])
    })
  )

  it.effect("is what the channel turned out to show instead", () =>
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = ({ version }, call) =>
        version === 2 && call === 1 ? reply({ _tag: "stale", actual: 4 }) : applied
      const history = yield* kept(channel, (offer) => Effect.sync(() => offer(2, 9)))
      assert.deepStrictEqual(
        history.map(({ outcome, quantity, version }) => [outcome, quantity, version]),
        [
          ["applied", 10, 1],
          ["found", 4, 1],
          ["applied", 9, 2]
        ]
      )
    })
  )
})
