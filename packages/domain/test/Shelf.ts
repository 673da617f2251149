/** One SKU in the hands of the stock rules: facts and requests in few words, and a shelf on which they happen. */
import { EventId, EventSource, IdempotencyKey, LocationId, OrderId, type ReservationId, Sku } from "../src/Identity.ts"
import type { ReservationAnswer, ReservationRequest } from "../src/Reservation.ts"
import type { SkuFact, StockEvent } from "../src/StockEvent.ts"
import { decide, evolve, type Decision, type StockCommand } from "../src/StockRules.ts"
import { emptyState, levelAt } from "../src/StockState.ts"

export const sku = Sku.make("MUG")
export const east = LocationId.make("east")
export const order = OrderId.make("order-1")

type Line = { readonly quantity?: number; readonly locationId?: LocationId; readonly reservationId?: ReservationId }

/** @param time when it happened, milliseconds since the epoch */
export const fact = (event: Pick<StockEvent, "type" | "data">, time = 0): StockCommand => {
  const header = { id: EventId.make("e"), source: EventSource.make("test"), time }
  return { _tag: "Fact", fact: { ...header, ...event, sku, parts: 1 } as SkuFact }
}
export const lines = <L extends object>(all: ReadonlyArray<L>) => all.map((line) => ({ sku, ...line }))

export const received = (...all: ReadonlyArray<{ quantity: number; locationId?: LocationId }>) =>
  fact({ type: "goods.received", data: { putaway: "done", lines: lines(all) } })
export const adjusted = (delta: number) =>
  fact({ type: "stock.adjusted", data: { reason: "damaged", lines: lines([{ delta }]) } })
export const placed = (...all: ReadonlyArray<Line & { quantity: number }>) =>
  fact({ type: "order.placed", data: { orderId: order, lines: lines(all) } })
export const cancelled = (...all: ReadonlyArray<Line>) =>
  fact({ type: "order.cancelled", data: { orderId: order, lines: lines(all) } })
export const expire: StockCommand = { _tag: "Expire" }

let requests = 0
const asked = (request: Record<string, unknown>): StockCommand => {
  requests += 1
  const whole = { key: IdempotencyKey.make(`k${requests}`), ...request }
  return { _tag: "Request", request: whole as unknown as ReservationRequest, unique: `u${requests}` }
}
export const reserve = (quantity: number, more: Record<string, unknown> = {}) =>
  asked({ verb: "reserve", sku, quantity, ttlMillis: 1_000, ...more })
export const confirm = (reservationId: ReservationId, more: Record<string, unknown> = { orderId: order }) =>
  asked({ verb: "confirm", reservationId, ...more })
export const release = (reservationId: ReservationId) => asked({ verb: "release", reservationId })

/** A shelf on which one thing after another happens; the clock stands at 0 until told otherwise. */
export const shelf = (...given: ReadonlyArray<StockCommand>) => {
  const state = emptyState(sku)
  const when = (command: StockCommand, now = 0): Decision => {
    const decision = decide(state, command, now)
    for (const change of decision.changes) evolve(state, change)
    return decision
  }
  const level = (locationId = LocationId.make("main")) => {
    const { onHand, committed, held } = levelAt(state, locationId) ?? { onHand: 0, committed: 0, held: 0 }
    return { onHand, committed, held }
  }
  const granted = (quantity: number, more: Record<string, unknown> = {}): ReservationId => {
    const { answer } = when(reserve(quantity, more))
    if (answer?.status !== "granted") throw new Error(`not granted: ${JSON.stringify(answer)}`)
    return answer.reservationId
  }
  for (const command of given) when(command)
  return { state, when, level, granted }
}

export const denial = (answer: ReservationAnswer | undefined) =>
  answer?.status === "denied" ? answer.reason : answer?.status
