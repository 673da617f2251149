/**
 * The four channels of `npm start`, as data: what Holdfast is told of each, and how its simulated side behaves.
 *
 * The numbers are chosen so that the promise can be kept, with this arithmetic. A listing waits at most once per channel,
 * so the queue is never longer than the assortment: L = 80 SKUs (`SamplePlayer`). A channel that takes R pushes a second
 * therefore answers within L/R, whatever the burst, the opening of all shelves at once included; nearest deadline first.
 *
 * | channel     | R per second                  | L/R   | budget | left for retries |
 * | webshop     | 400 (16 calls of 15 to 20 ms) | 0.2 s | 1 s    | 0.8 s            |
 * | marketplace | 22                            | 3.6 s | 5 s    | 1.4 s: one 429   |
 * | legacy-erp  | 9 (4 calls of 400 to 450 ms)  | 8.9 s | 15 s   | 6 s              |
 * | wholesale   | 160 (8 calls of 40 to 50 ms)  | 0.5 s | 2 s    | 1.5 s            |
 *
 * The busiest second of the sample changes 65 of the 80 listings (98 lines), its busiest five seconds 77: less than L.
 */
import type { BehaviourChange } from "@holdfast/channels/simulated/SimulatedBehaviour"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"

export interface DemoChannel {
  readonly definition: Omit<ChannelDefinition, "endpoint"> & { readonly secretEnv: string }
  readonly behaviour: BehaviourChange
}

/** SKUs of the demo: L in the arithmetic above. */
export const assortmentSize = 80

const realtime = { model: "realtime" } as const

/** Share of events in time that every demo channel promises. */
const objective = 0.99

export const demoChannels: ReadonlyArray<DemoChannel> = [
  {
    definition: {
      id: ChannelId.make("webshop"),
      name: "Own web shop",
      connector: "simulated",
      secretEnv: "HOLDFAST_SECRET_WEBSHOP",
      buffer: 0,
      timing: realtime,
      budgetMillis: 1_000,
      objective,
      rate: { perSecond: 400, burst: 100, concurrency: 16 },
      timeoutMillis: 250
    },
    behaviour: { latencyMillis: 15, jitterMillis: 5 }
  },
  {
    definition: {
      id: ChannelId.make("marketplace"),
      name: "Marketplace with a tight quota",
      connector: "simulated",
      secretEnv: "HOLDFAST_SECRET_MARKETPLACE",
      // two units are kept back, since others see our stock late; nobody needs to know that there are thousands
      buffer: 2,
      cap: 999,
      timing: realtime,
      budgetMillis: 5_000,
      objective,
      // a little below what the channel admits: two clocks never agree on where a second begins
      rate: { perSecond: 22, burst: 20, concurrency: 4 },
      timeoutMillis: 1_000
    },
    behaviour: {
      latencyMillis: 60,
      jitterMillis: 20,
      perSecond: 24,
      burst: 24,
      throttledShare: 0.002,
      retryAfterSeconds: 1
    }
  },
  {
    definition: {
      id: ChannelId.make("legacy-erp"),
      name: "Legacy ERP",
      connector: "simulated",
      secretEnv: "HOLDFAST_SECRET_LEGACY_ERP",
      buffer: 0,
      timing: realtime,
      budgetMillis: 15_000,
      objective,
      // its four connections are the limit, not a quota
      rate: { perSecond: 20, burst: 4, concurrency: 4 },
      timeoutMillis: 3_000
    },
    behaviour: { latencyMillis: 400, jitterMillis: 50 }
  },
  {
    definition: {
      id: ChannelId.make("wholesale"),
      name: "Wholesale partner (webhook)",
      connector: "webhook",
      secretEnv: "HOLDFAST_SECRET_WHOLESALE",
      // a partner orders by the dozen: less than half of that is no offer
      buffer: 5,
      timing: realtime,
      budgetMillis: 2_000,
      objective,
      rate: { perSecond: 200, burst: 40, concurrency: 8 },
      // an answer that never comes must leave time for another attempt within the budget
      timeoutMillis: 500
    },
    behaviour: { latencyMillis: 40, jitterMillis: 10, errorShare: 0.01, droppedShare: 0.005 }
  }
]

/** The definition once the simulated side listens. */
export const definitionAt = (channel: DemoChannel, endpoint: string): ChannelDefinition => ({
  ...channel.definition,
  endpoint
})
