/** A connector for tests on virtual time: answers as a script says, and remembers what it was asked. */
import type { Sku } from "@holdfast/domain/Identity"
import { Clock, Effect } from "effect"
import type { ChannelConnector, PushItem, PushOutcome, ReadBack } from "../src/ChannelConnector.ts"

export interface Call extends PushItem {
  readonly startedAt: number
}

/** What happens to one push: the write is applied or not, and then answered. */
export interface Reply {
  readonly outcome: PushOutcome
  readonly applies: boolean
  readonly millis: number
}

export const applied: Reply = { outcome: { _tag: "applied" }, applies: true, millis: 20 }

export class ScriptedConnector {
  readonly calls: Array<Call> = []
  /** how each call was answered */
  readonly outcomes: Array<PushOutcome["_tag"]> = []
  readonly readBacks: Array<Sku> = []
  /** SKUs of each read-back */
  readonly reads: Array<number> = []
  /** SKUs of one read-back at most */
  readMax = 1
  readonly shown = new Map<Sku, { quantity: number; version: number }>()
  /** writes that put an older version over a newer one */
  olderOverNewer = 0
  mostAtOnce = 0
  reply: (item: PushItem, call: number) => Reply = () => applied
  /** milliseconds until it looks at what it shows, and from then until it answers */
  readBackMillis: () => readonly [number, number] = () => [5, 0]
  readBackReply: () => "shown" | "unreachable" = () => "shown"
  private readonly writing = new Map<Sku, number>()
  private readonly canReadBack: boolean

  constructor(canReadBack = true) {
    this.canReadBack = canReadBack
  }

  /** What the channel shows: SKU and quantity. */
  get quantities(): Record<string, number> {
    return Object.fromEntries([...this.shown].map(([sku, { quantity }]) => [sku, quantity]))
  }

  get connector(): ChannelConnector {
    const push: ChannelConnector["push"] = (items) => Effect.forEach(items, (item) => this.write(item))
    const descriptor = { kind: "scripted", batchMax: 1, readMax: this.readMax, idempotent: false, settleMillis: 1_000 }
    return this.canReadBack ? { descriptor, push, readBack: (skus) => this.read(skus) } : { descriptor, push }
  }

  private write(item: PushItem): Effect.Effect<PushOutcome> {
    const step = Effect.gen({ self: this }, function* () {
      const { outcome, applies, millis } = this.reply(item, this.calls.length)
      this.calls.push({ ...item, startedAt: yield* Clock.currentTimeMillis })
      this.outcomes.push(outcome._tag)
      const atOnce = (this.writing.get(item.sku) ?? 0) + 1
      this.writing.set(item.sku, atOnce)
      this.mostAtOnce = Math.max(this.mostAtOnce, atOnce)
      yield* Effect.sleep(millis)
      if (applies) this.show(item)
      return outcome
    })
    return Effect.ensuring(
      step,
      Effect.sync(() => this.writing.set(item.sku, this.writing.get(item.sku)! - 1))
    )
  }

  private show(item: PushItem): void {
    const before = this.shown.get(item.sku)
    if (before !== undefined && before.version > item.version) this.olderOverNewer += 1
    this.shown.set(item.sku, { quantity: item.quantity, version: item.version })
  }

  private read(skus: ReadonlyArray<Sku>): Effect.Effect<ReadBack> {
    return Effect.gen({ self: this }, function* () {
      const [before, after] = this.readBackMillis()
      yield* Effect.sleep(before)
      const answer = this.look(skus)
      if (after > 0) yield* Effect.sleep(after)
      return answer
    })
  }

  private look(skus: ReadonlyArray<Sku>): ReadBack {
    this.readBacks.push(...skus)
    this.reads.push(skus.length)
    if (this.readBackReply() === "unreachable")
      return { _tag: "unreachable", detail: "away", retryAfterMillis: undefined }
    return {
      _tag: "shown",
      quantities: new Map(
        skus.flatMap((sku) => (this.shown.has(sku) ? [[sku, this.shown.get(sku)!.quantity] as const] : []))
      )
    }
  }
}
