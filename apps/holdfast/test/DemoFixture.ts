/** Made-up moments of the demo. */
import type { DemoChannelRow, DemoSnapshot } from "../src/demo/DemoSnapshot.ts"

export const row = (id: string, rest: Partial<DemoChannelRow> = {}): DemoChannelRow => ({
  id,
  timing: "realtime",
  budgetMillis: 500,
  objective: 0.99,
  events: 933,
  pushes: 870,
  coalesced: 63,
  pending: 0,
  p50: 19.4,
  p99: 61.2,
  withinBudget: 1,
  retries: 0,
  circuit: "closed",
  rung: 0,
  oversoldUnits: 0,
  ...rest
})

export const snapshot = (rest: Partial<DemoSnapshot> = {}): DemoSnapshot => ({
  elapsedSeconds: 17.2,
  progress: 0.487,
  eventsPerSecond: 24.6,
  committed: 12_345,
  parked: 7,
  channels: [
    row("webshop", { oversoldUnits: 11 }),
    row("marketplace", {
      budgetMillis: 5_000,
      pushes: 512,
      coalesced: 421,
      pending: 31,
      p50: 740,
      p99: 3_412,
      retries: 2,
      oversoldUnits: 3
    }),
    row("legacy-erp", {
      budgetMillis: 15_000,
      pushes: 198,
      coalesced: 735,
      pending: 64,
      p50: 7_250,
      p99: 15_420,
      withinBudget: 0.98666,
      circuit: "half-open"
    }),
    row("wholesale", { budgetMillis: 2_000, p50: undefined, p99: undefined, withinBudget: 0.99996, retries: 1_204 })
  ],
  ...rest
})
