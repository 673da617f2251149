/** Events and deliveries for tests, with the parts that matter given. */
import type { AnnouncedEvent } from "@holdfast/domain/Availability"
import type { Delivered } from "@holdfast/telemetry/TracedStage"

/** Milliseconds since the epoch at which every test event happened. */
export const t0 = 1_790_000_000_000

export const traceparentOf = (n: number, flags: "00" | "01"): string =>
  `00-a${n.toString(16).padStart(31, "0")}-b${n.toString(16).padStart(15, "0")}-${flags}`

export const anEvent = (given: Partial<AnnouncedEvent> = {}): AnnouncedEvent => ({
  source: "shop",
  id: "order-1",
  type: "order.placed",
  occurredAt: t0,
  storedAt: t0 + 10,
  receivedAt: t0 + 20,
  decidedAt: t0 + 25,
  committedAt: t0 + 40,
  parts: 1,
  traceparent: traceparentOf(1, "01"),
  ...given
})

export const aDelivery = (given: Partial<Delivered> = {}): Delivered => ({
  channel: "amazon",
  event: anEvent(),
  sku: "MUG",
  outcome: "delivered",
  queuedAt: t0 + 50,
  requestAt: t0 + 60,
  ackAt: t0 + 100,
  attempts: 1,
  quantity: 7,
  budgetMillis: 2_000,
  breached: false,
  ...given
})
