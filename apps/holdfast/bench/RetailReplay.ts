/**
 * A retailer's record on virtual time, sold through a shop of our own and a marketplace that takes few requests: what does the
 * marketplace oversell, and how long does it show what is not there?
 *
 * The output stream's own core decides what the marketplace is told. An order is the marketplace's by a draw from the seed. Stock
 * is known to us at once, and a call takes `answerMillis`: all delay is the queue. The same input gives the same outcome.
 */
import type { Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, defaultLocation, type Sku } from "@holdfast/domain/Identity"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { Random } from "@holdfast/domain/testing/Random"
import { OutputCore } from "@holdfast/channels/OutputCore"
import type { Flight } from "@holdfast/channels/OutputPorts"
import type { QueueOrder } from "@holdfast/channels/QueueOrder"
import { isStockCode, movementsOf } from "../src/retail/OnlineRetail.ts"
import { quantile, sortedOf } from "./Distribution.ts"
import { emptyTotals, MarketplaceShelf } from "./MarketplaceShelf.ts"

/** Milliseconds that the marketplace takes to answer. */
const answerMillis = 200

const connector = { kind: "replay", batchMax: 1, idempotent: true, settleMillis: 1_000 }

export interface ReplayInput {
  /** opening receipts, then what happened, in order of time */
  readonly events: ReadonlyArray<StockEvent>
  /** how many times faster than it happened */
  readonly pace: number
  readonly order: QueueOrder
  /** requests per second that the marketplace takes */
  readonly perSecond: number
  readonly budgetMillis: number
  /** share of orders that are the marketplace's, 0 to 1 */
  readonly marketplaceShare: number
  readonly seed: number
}

/** Times are milliseconds of the replay. */
export interface ReplayOutcome {
  readonly oversoldUnits: number
  readonly exposureUnitSeconds: number
  readonly soldOutUnitSeconds: number
  readonly longestWaitMillis: number
  readonly zeroP99Millis: number
  readonly zeroUpdates: number
  readonly pushes: number
  readonly coalesced: number
  readonly soldUnits: number
}

type Push = Flight & { readonly _tag: "push" }

export const replay = (input: ReplayInput): ReplayOutcome => new Replay(input).run()

class Replay {
  private readonly input: ReplayInput
  private readonly core: OutputCore
  private readonly shelves = new Map<Sku, MarketplaceShelf>()
  private readonly totals = emptyTotals()
  private readonly random: Random
  /** calls under way, the first to end first: all take as long */
  private readonly calls: Array<{ readonly endsAt: number; readonly flight: Push }> = []
  private now: number
  private wakeAt = Number.POSITIVE_INFINITY
  private soldUnits = 0

  constructor(input: ReplayInput) {
    this.input = input
    this.random = new Random(input.seed)
    this.now = input.events[0]!.time
    this.core = new OutputCore(
      definitionOf(input),
      connector,
      false,
      {
        now: () => this.now,
        random: () => this.random.unit(),
        launch: (flight) => {
          if (flight._tag === "push") this.calls.push({ endsAt: this.now + answerMillis, flight })
        },
        wakeAt: (at) => (this.wakeAt = at),
        confirmed: () => {},
        changed: () => {}
      },
      input.order
    )
  }

  run(): ReplayOutcome {
    const { core, input, totals } = this
    const began = this.now
    this.open()
    core.caughtUp()
    for (const event of input.events) {
      if (event.type === "goods.received") continue
      this.passUntil(began + (event.time - began) / input.pace)
      this.happen(event)
    }
    while (core.queue.waiting > 0 || this.calls.length > 0) this.pass(this.nextAt)
    return {
      oversoldUnits: totals.oversold,
      exposureUnitSeconds: totals.unitSeconds,
      soldOutUnitSeconds: totals.soldOutUnitSeconds,
      longestWaitMillis: totals.longestWait,
      zeroP99Millis: quantile(sortedOf(totals.zeroWaits), 0.99),
      zeroUpdates: totals.zeroWaits.length,
      pushes: core.counts.pushes,
      coalesced: core.counts.coalesced,
      soldUnits: this.soldUnits
    }
  }

  /** What the shelves open with is shown from the beginning. */
  private open(): void {
    for (const event of this.input.events) {
      if (event.type !== "goods.received") continue
      for (const { sku, units } of movementsOf(event))
        this.shelves.set(sku, new MarketplaceShelf(units, this.now, this.totals))
    }
    const confirmedAt = this.now
    this.core.restore(
      [...this.shelves].map(([sku, { version, wanted }]) => ({ sku, quantity: wanted, version, confirmedAt }))
    )
    for (const [sku, shelf] of this.shelves) this.core.offer(stockOf(sku, shelf, this.now))
  }

  private get nextAt(): number {
    return Math.min(this.wakeAt, this.calls[0]?.endsAt ?? Number.POSITIVE_INFINITY)
  }

  private passUntil(at: number): void {
    while (this.nextAt <= at) this.pass(this.nextAt)
    this.now = at
  }

  private pass(at: number): void {
    this.now = Math.max(this.now, at)
    if (this.calls.length > 0 && this.calls[0]!.endsAt <= this.now) this.land(this.calls.shift()!.flight)
    else this.core.tick()
  }

  private land(flight: Push): void {
    for (const { quantity, sku, version } of flight.items)
      this.shelves.get(sku)!.told(quantity, version, flight.requestAt, this.now)
    this.core.calls.landPush(
      flight,
      flight.items.map(() => ({ _tag: "applied" }))
    )
  }

  private happen(event: StockEvent): void {
    const { now } = this
    const there = event.type === "order.placed" && this.random.chance(this.input.marketplaceShare)
    for (const { sku, units } of movementsOf(event)) {
      const shelf = this.shelves.get(sku)
      if (!isStockCode(sku) || shelf === undefined) continue
      const before = shelf.version
      if (event.type !== "order.placed") shelf.move(units, now)
      else this.soldUnits += there ? shelf.sellThere(-units, now) : shelf.sellOwn(-units, now)
      if (shelf.version !== before) this.core.offer(stockOf(sku, shelf, now))
    }
  }
}

const definitionOf = ({ budgetMillis, perSecond }: ReplayInput): ChannelDefinition => ({
  id: ChannelId.make("marketplace"),
  name: "Marketplace",
  connector: "simulated",
  endpoint: "http://127.0.0.1:1",
  buffer: 0,
  timing: { model: "realtime" },
  budgetMillis,
  objective: 0.99,
  rate: { perSecond, burst: 10, concurrency: 64 },
  timeoutMillis: 1_000
})

const stockOf = (sku: Sku, { available, version }: MarketplaceShelf, at: number): Availability => ({
  sku,
  version,
  levels: [{ locationId: defaultLocation, onHand: available, committed: 0, held: 0 }],
  committedAt: at,
  events: [
    {
      source: "replay",
      id: `${sku}:${version}`,
      type: "stock.adjusted",
      occurredAt: at,
      storedAt: at,
      decidedAt: at,
      committedAt: at,
      parts: 1,
      traceparent: ""
    }
  ],
  more: 0
})
