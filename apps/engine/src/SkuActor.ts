/**
 * The actor of one SKU: what may be said to it, its state, and its life cycle. `SkuActorBehavior` is what it does.
 *
 * An actor has no fiber of its own: its partition hands it one message at a time, in order, and that serialises every
 * mutation of the SKU (a fiber per SKU costs twelve times as much; see ARCHITECTURE.md). It is loaded when a message for it
 * arrives, runs ahead of the database by at most the commits under way, is passivated when others need the memory, and is
 * quarantined when one of its invariants breaks.
 */
import type { LocationId } from "@holdfast/domain/Identity"
import type { LineRequest } from "@holdfast/domain/LineRules"
import type { ReservationAnswer, ReservationRequest } from "@holdfast/domain/Reservation"
import type { SkuFact } from "@holdfast/domain/StockEvent"
import type { StockState } from "@holdfast/domain/StockState"
import type { FactContext } from "@holdfast/bus/FactMessage"
import type { AnnouncedEvent } from "@holdfast/domain/Availability"

/** A fact from the STOCK stream. Times are milliseconds since the epoch. */
export interface FactMessage {
  readonly kind: "fact"
  readonly sku: string
  readonly sequence: number
  /** which fact of the stream's message it is, from 0 */
  readonly item: number
  /** whether the position moves past the stream's message with this fact */
  readonly last: boolean
  /** dedup id: a hash of source, id and SKU */
  readonly key: string
  readonly fact: SkuFact
  readonly context: FactContext
  readonly receivedAt: number
  readonly raw: RawMessage
}

/** A part of the STOCK stream that is no fact, or not of this partition. It is parked. */
export interface PoisonMessage {
  readonly kind: "poison"
  readonly sequence: number
  readonly item: number
  readonly last: boolean
  readonly detail: string
  readonly raw: RawMessage
}

/** A fact as it came, kept until it is decided so that it can be parked with its bytes. */
export interface RawMessage {
  readonly subject: string
  readonly headers: () => Record<string, string>
  readonly payload: Uint8Array
  readonly storedAt: number
}

/** A request; `reply` is called once, after the commit. */
export interface RequestMessage {
  readonly kind: "request"
  /** for confirm and release known only after the reservation was looked up */
  sku: string | undefined
  /** hash of the idempotency key, and of the request's content */
  readonly key: string
  readonly body: string
  readonly request: ReservationRequest
  readonly receivedAt: number
  readonly traceparent: string
  readonly parentSpanId?: string
  readonly reply: (answer: string) => void
}

/** What a group of holds asks one of its lines, or tells it; `reply` is called once, with undefined when nobody knows. */
export interface LineMessage {
  readonly kind: "line"
  readonly sku: string
  readonly request: LineRequest
  /** what the ledger notes as the cause */
  readonly cause: { readonly source: string; readonly id: string }
  /** the client's request that it is a part of, if it is one */
  readonly part?: PartOfRequest | undefined
  readonly reply: (answer: ReservationAnswer | undefined) => void
}

/** A request as it is announced. Times are milliseconds since the epoch. */
export interface PartOfRequest {
  readonly key: string
  readonly verb: string
  /** SKUs that the whole request touches */
  readonly parts: number
  readonly receivedAt: number
  readonly traceparent: string
  readonly parentSpanId?: string | undefined
}

/** What is there of the SKU? The answer is as of its commit, and is not remembered. */
export interface ReadMessage {
  readonly kind: "read"
  readonly sku: string
  readonly reply: (answer: string) => void
}

/** What somebody waits for. */
export type AskMessage = RequestMessage | LineMessage | ReadMessage

export const isAsk = (message: StockMessage): message is AskMessage =>
  message.kind === "request" || message.kind === "line" || message.kind === "read"

/** Time has passed: due holds end. */
export interface ExpireMessage {
  readonly kind: "expire"
  readonly sku: string
}

export type StockMessage = FactMessage | PoisonMessage | AskMessage | ExpireMessage

/** An event whose commit is not durable yet: when it is, `committedAt` is set. */
export type DecidedEvent = Omit<AnnouncedEvent, "committedAt"> & { committedAt: number }

/** `at`: when it happened, as its source says; milliseconds since the epoch. */
export interface RecentMove {
  readonly version: number
  readonly at: number
  readonly locationId: LocationId
  readonly units: number
}

export interface SkuActor {
  readonly sku: string
  readonly state: StockState
  /** version of each level's row as of the last decision, in the order of `state.levels`; 0 means no row yet */
  readonly levelVersions: Array<number>
  lifecycle: "active" | "quarantined"
  /** batch in which the actor last changed; it cannot be passivated before that batch is durable */
  changedIn: number
  /** whether it was used since passivation last looked */
  used: boolean
  /** units on hand that moved in changes which a look-up may miss, because they are not durable yet */
  moves: Array<RecentMove>
  /** events and requests of the batch being decided that changed it */
  events: Array<DecidedEvent>
  more: number
}
