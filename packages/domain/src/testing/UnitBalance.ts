/**
 * Sums that hold over all locations and documents of a SKU, whatever happened: what documents say moved is what the ledger
 * moved, and what left one location arrived, is on its way, or is a transfer's difference.
 *
 * It reads the state and the ledger, and no rules and no books: it would find what both have overlooked.
 */
import { documentKeyOf, type DocumentLine } from "../DocumentLine.ts"
import type { StockState } from "../StockState.ts"
import { must } from "./AuditFailure.ts"
import type { Booked, Shelved } from "./Shelf.ts"

/** Documents that a ledger tells of, as the state remembers them. */
export const documentsOf = (ledger: ReadonlyArray<Booked>, state: StockState): ReadonlyArray<DocumentLine> => {
  const keys = new Set(ledger.flatMap(({ change }) => (change.line === undefined ? [] : [documentKeyOf(change.line)])))
  return [...keys].toSorted().map((key) => state.documents.get(key)!)
}

const sumOf = <A>(all: ReadonlyArray<A>, units: (one: A) => number): number =>
  all.reduce((sum, one) => sum + units(one), 0)

/** Units that facts moved on hand, those included that a count had seen before. */
const movedBy = (ledger: ReadonlyArray<Booked>, isOf: (kind: string) => boolean): number =>
  sumOf(ledger, ({ change }) =>
    isOf(change.kind) && change.kind !== "count.cycle" ? change.onHand + (change.counted ?? 0) : 0
  )

const balanced = (what: string, one: number, other: number): void =>
  must(one === other, `${what}: ${one} is not ${other}`)

/** @throws AuditFailure */
export const judgeBalance = ({ state, ledger }: Shelved): void => {
  const documents = documentsOf(ledger, state)
  const shipments = documents.flatMap((line) => (line.kind === "order" ? line.shipments : []))
  const transfers = documents.flatMap((line) => (line.kind === "transfer" ? [line] : []))
  const purchases = documents.flatMap((line) => (line.kind === "purchase" ? line.locations : []))
  const shipped = sumOf(shipments, (one) => one.confirmed)
  balanced("shipped units", shipped, 0 - movedBy(ledger, (kind) => kind === "shipment.confirmed"))

  // lost on the way, less what arrived and was never sent
  const difference = sumOf(transfers, ({ closed, dispatched, received }) =>
    closed ? dispatched - received : Math.min(0, dispatched - received)
  )
  const inTransit = sumOf(state.levels, (level) => level.inTransit)
  const withoutTransfers = movedBy(ledger, (kind) => !kind.startsWith("transfer."))
  balanced("transferred units", movedBy(ledger, () => true) + inTransit + difference, withoutTransfers)

  const received = sumOf(purchases, (one) => one.received)
  must(received <= movedBy(ledger, (kind) => kind === "goods.received"), "purchases bring more than was received")
  const beyond = sumOf(purchases, (one) => Math.max(0, one.received - (one.ordered?.units ?? 0)))
  const ordered = sumOf(purchases, (one) => one.ordered?.units ?? 0)
  const incoming = sumOf(state.levels, (level) => level.incoming)
  balanced("purchased units", ordered + beyond, received + incoming)
}
