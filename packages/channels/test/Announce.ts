/** Announcements and definitions for tests, with what a test does not say filled in. */
import type { AnnouncedEvent, Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, defaultLocation, Sku } from "@holdfast/domain/Identity"

export const announcedEvent = (id: string, at: number): AnnouncedEvent => ({
  source: "test",
  id,
  type: "stock.adjusted",
  occurredAt: at,
  storedAt: at,
  decidedAt: at,
  committedAt: at,
  parts: 1,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
})

/** One SKU's stock of `units` at the default location, announced by one event that happened at `at`. */
export const announce = (sku: string, version: number, units: number, at: number): Availability => ({
  sku: Sku.make(sku),
  version,
  levels: [{ locationId: defaultLocation, onHand: units, committed: 0, held: 0 }],
  committedAt: at,
  events: [announcedEvent(`${sku}-${version}`, at)],
  more: 0
})

export const channelDefinition = (change: Partial<ChannelDefinition> = {}): ChannelDefinition => ({
  id: ChannelId.make("shop"),
  name: "Shop",
  connector: "simulated",
  endpoint: "http://127.0.0.1:1",
  secretEnv: "SHOP_SECRET",
  buffer: 0,
  timing: { model: "realtime" },
  budgetMillis: 2_000,
  objective: 0.99,
  rate: { perSecond: 1_000, burst: 100, concurrency: 50 },
  timeoutMillis: 1_000,
  ...change
})
