/**
 * One channel that is asked for its orders, for ever: a page, its events through the front door, then the cursor.
 *
 * Guarantee: the cursor moves only after every event of its page is stored, so that an end at any place loses nothing; what is then
 * told again has the ids that it had. Whatever fails is tried again from the cursor, later and later, never sooner than the
 * channel asked for. It does not judge what the channel says.
 */
import { backoffMillis } from "@holdfast/channels/Backoff"
import type { ToldEvent } from "@holdfast/channels/inbound/InboundCall"
import type { OrderCursor, OrderPage, OrderPoll, PollRefused } from "@holdfast/channels/inbound/OrderPoll"
import { Effect, Random } from "effect"
import { pollRememberedMax, pollRetryAfterMillisMax, pollRetryMillis, pollRetryMillisMax } from "./IngestLimit.ts"

/** Where pages go, and how far they got. Each fails when it is not known to be done. */
export interface PollPorts {
  readonly cursor: Effect.Effect<OrderCursor | undefined, PollRefused>
  /** through the front door */
  readonly store: (event: ToldEvent) => Effect.Effect<void, PollRefused>
  readonly move: (page: OrderPage) => Effect.Effect<void, PollRefused>
}

export interface AskedChannel {
  readonly channel: string
  /** milliseconds between two looks when nothing more is there */
  readonly everyMillis: number
  readonly poll: OrderPoll
  readonly ports: PollPorts
}

export const refused = (detail: string): PollRefused => ({ _tag: "refused", detail, retryAfterMillis: undefined })

/** Ids of events that this process has stored: pages overlap, and most of what they repeat need not go to the broker again. */
class Remembered {
  private readonly ids = new Set<string>()

  has(id: string): boolean {
    return this.ids.has(id)
  }

  add(id: string): void {
    this.ids.add(id)
    if (this.ids.size > pollRememberedMax) this.ids.delete(this.ids.values().next().value!)
  }
}

const millisUntilRetry = (failures: number, { retryAfterMillis }: PollRefused) =>
  Effect.map(Random.next, (random) => {
    const pause = backoffMillis({ base: pollRetryMillis, max: pollRetryMillisMax }, failures, random)
    return Math.max(pause, Math.min(retryAfterMillis ?? 0, pollRetryAfterMillisMax))
  })

export const askForOrders = ({ channel, everyMillis, poll, ports }: AskedChannel): Effect.Effect<never> =>
  Effect.suspend(() => {
    const remembered = new Remembered()
    let failures = 0

    const store = (event: ToldEvent) =>
      remembered.has(event.id) ? Effect.void : Effect.map(ports.store(event), () => remembered.add(event.id))

    /** @returns milliseconds until the next page is asked for */
    const look = Effect.gen(function* () {
      const cursor = yield* ports.cursor
      const page = yield* poll.page(cursor)
      yield* Effect.forEach(page.events, store, { discard: true })
      yield* ports.move(page)
      if (failures > 0) yield* Effect.logInfo(`channel ${channel} is heard again`)
      failures = 0
      // a channel that says "more" of the same place is not asked without a pause
      return page.more && page.cursor !== cursor ? 0 : everyMillis
    })

    const failed = Effect.fnUntraced(function* (refusal: PollRefused) {
      failures += 1
      const pause = yield* millisUntilRetry(failures, refusal)
      yield* Effect.logWarning(
        `the orders of channel ${channel} are not heard, tried again in ${pause} ms: ${refusal.detail}`
      )
      return pause
    })

    return look.pipe(
      Effect.catchDefect((defect) => Effect.fail(refused(String(defect)))),
      Effect.catch(failed),
      Effect.flatMap((pause) => (pause === 0 ? Effect.yieldNow : Effect.sleep(pause))),
      Effect.forever
    )
  })
