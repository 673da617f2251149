/** An event as EVENTS stores it, and what became of it. */
import type { HeaderEntries } from "@holdfast/bus/EventMessage"
import type { RootContext } from "@holdfast/bus/TraceContext"
import type { StockEvent } from "@holdfast/domain/StockEvent"

/** One message of the EVENTS stream. */
export interface StoredEvent {
  readonly sequence: number
  /** milliseconds since the epoch at which the broker stored it */
  readonly storedAt: number
  readonly subject: string
  readonly headers: HeaderEntries | undefined
  /** why the headers cannot be read, if they cannot */
  readonly headerDefect?: string
  readonly payload: Uint8Array
}

/** What became of one event. */
export type IntakeOutcome = { readonly storedAt: number; readonly sequence: number } & RootContext &
  (
    | {
        readonly outcome: "split"
        /** with the lines that it was completed with */
        readonly event: StockEvent
        readonly facts: number
      }
    | {
        readonly outcome: "parked"
        readonly reason: string
        readonly detail: string
        readonly subject: string
        readonly source?: string | undefined
        readonly id?: string | undefined
      }
  )
