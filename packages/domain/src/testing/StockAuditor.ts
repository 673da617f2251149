/**
 * An independent judge of every decision of the stock rules about one SKU, with books of its own. It shares no code with them,
 * only the types of what goes in and comes out: a mistake would have to be made twice, in two ways, to go unseen.
 *
 * It judges, after every change and for every location: 1. quantities equal its own books, and the fold of the changes
 * equals both; 2. no grant exceeds what was available, no denial was needless; 3. a hold ends exactly once, on time;
 * 4. `oversold` labels add up; 5. `committed` and `held` are never negative; 6. a refusal changes nothing but expiry.
 */
import type { LocationId, ReservationId, Sku } from "../Identity.ts"
import type { ReservationAnswer, ReservationRequest } from "../Reservation.ts"
import type { SkuFact } from "../StockEvent.ts"
import type { StockChange } from "../StockChange.ts"
import type { Decision, StockCommand } from "../StockRules.ts"
import { home, openUnits, StockBooks } from "./StockBooks.ts"

/** A judgement: what the rules did is not what the books say. */
export class AuditFailure extends Error {
  override readonly name = "AuditFailure"
}

interface Shown {
  readonly locationId: LocationId
  readonly onHand: number
  readonly committed: number
  readonly held: number
}

const tenMinutes = 600_000

const shortfall = (onHand: number, committed: number, held: number): number => Math.max(0, committed + held - onHand)

export class StockAuditor {
  /** units ever granted and ever oversold by facts, for reports */
  readonly seen = { changes: 0, granted: 0, denied: 0, oversold: 0, refused: 0, expired: 0 }
  private books = new StockBooks()
  private readonly folded = new Map<LocationId, { onHand: number; committed: number; held: number }>()
  private readonly ended = new Set<ReservationId>()
  private version = 0
  private readonly sku: Sku

  constructor(sku: Sku) {
    this.sku = sku
  }

  /**
   * Judges one decision.
   * @param levels what the state shows after the decision was applied
   * @throws AuditFailure
   */
  judge(command: StockCommand, now: number, decision: Decision, version: number, levels: ReadonlyArray<Shown>): void {
    const due = this.books.expireDue(now)
    this.seen.expired += due
    const before = this.books.copy()
    if (command._tag === "Fact") this.judgeFact(command.fact, decision, before)
    else if (command._tag === "Request") this.judgeRequest(command.request, now, decision.answer)
    this.judgeChanges(decision.changes, due)
    this.must(version === this.version, `version is ${version}, but ${this.version} changes were made`)
    if (decision.answer?.version !== undefined)
      this.must(decision.answer.version === version, "the answer names another version")
    this.judgeLevels(levels)
  }

  /** Units on hand, committed and held by these books, over all locations. */
  totals(): { readonly onHand: number; readonly committed: number; readonly held: number } {
    const sums = { onHand: 0, committed: 0, held: 0 }
    for (const at of this.books.places()) {
      sums.onHand += this.books.onHand.get(at) ?? 0
      sums.committed += this.books.committedAt(at)
      sums.held += this.books.heldAt(at)
    }
    return sums
  }

  /** Open units of every order at every location; the key is order and location. */
  openOrders(): ReadonlyMap<string, number> {
    return new Map([...this.books.orders].map(([key, order]) => [key, openUnits(order)]))
  }

  private must(holds: boolean, otherwise: string): asserts holds {
    if (!holds) throw new AuditFailure(`${this.sku}: ${otherwise}`)
  }

  private judgeFact(fact: SkuFact, decision: Decision, before: StockBooks): void {
    this.must(decision.answer === undefined, "a fact is not answered")
    const known = this.books.onHand.size > 0
    if (!known && fact.type !== "goods.received") {
      this.must(decision.refusal?.reason === "unknown_sku", `${fact.type} of a SKU never received is not refused`)
      this.seen.refused += 1
      return
    }
    this.books.bookFact(fact)
    if (this.books.withinRange()) {
      this.must(decision.refusal === undefined, `${fact.type} is refused: ${decision.refusal?.detail}`)
      return
    }
    this.must(decision.refusal?.reason === "quantity_out_of_range", `${fact.type} leaves the range and is not refused`)
    this.books = before
    this.seen.refused += 1
  }

  private judgeRequest(request: ReservationRequest, now: number, answer: ReservationAnswer | undefined): void {
    this.must(answer !== undefined, `${request.verb} is not answered`)
    if (answer.status === "denied") this.seen.denied += 1
    if (request.verb === "reserve") return this.judgeReserve(request, now, answer)
    const hold = this.books.holds.get(request.reservationId)
    if (hold === undefined) return this.mustDeny(answer, "unknown_reservation")
    if (hold.end !== "open")
      return this.mustDeny(answer, hold.end === "expired" ? "reservation_expired" : "reservation_ended")
    if (request.verb === "release") {
      this.books.holds.set(request.reservationId, { ...hold, end: "released" })
      this.must(
        answer.status === "released" && answer.quantity === hold.units,
        `an open hold is not released: ${answer.status}`
      )
      return
    }
    const orderId = request.orderId ?? hold.orderId
    if (orderId === undefined) return this.mustDeny(answer, "order_required")
    this.must(
      answer.status === "confirmed" && answer.quantity === hold.units,
      `an open hold is not confirmed: ${answer.status}`
    )
    this.books.holds.set(request.reservationId, { ...hold, end: "confirmed" })
    this.books.confirm(orderId, hold)
  }

  private mustDeny(answer: ReservationAnswer, reason: string): void {
    const got = answer.status === "denied" ? answer.reason : answer.status
    this.must(got === reason, `the answer is ${got}, not ${reason}`)
  }

  private judgeReserve(
    request: Extract<ReservationRequest, { readonly verb: "reserve" }>,
    now: number,
    answer: ReservationAnswer
  ): void {
    if (this.books.onHand.size === 0) return this.mustDeny(answer, "unknown_sku")
    const at = request.locationId ?? home
    const free = (this.books.onHand.get(at) ?? 0) - this.books.committedAt(at) - this.books.heldAt(at)
    if (request.quantity > free) {
      this.mustDeny(answer, "insufficient_stock")
      this.must(
        answer.status === "denied" && answer.available === free,
        `the denial names other units than the ${free} available`
      )
      return
    }
    this.must(answer.status === "granted", `${request.quantity} of ${free} available are not granted`)
    this.must(answer.quantity === request.quantity, "the grant is of another quantity")
    this.must(answer.expiresAt === now + (request.ttlMillis ?? tenMinutes), "the hold ends at another time than asked")
    this.must(!this.books.holds.has(answer.reservationId), "the reservation id was given before")
    const hold = {
      at,
      units: request.quantity,
      endsAt: answer.expiresAt,
      orderId: request.orderId,
      end: "open"
    } as const
    this.books.holds.set(answer.reservationId, hold)
    this.seen.granted += 1
  }

  private judgeChanges(changes: ReadonlyArray<StockChange>, due: number): void {
    for (const change of changes) {
      const level = this.folded.get(change.locationId) ?? { onHand: 0, committed: 0, held: 0 }
      const short = shortfall(level.onHand, level.committed, level.held)
      level.onHand += change.onHand
      level.committed += change.committed
      level.held += change.held
      this.folded.set(change.locationId, level)
      const what = `${change.kind} at ${change.locationId}`
      this.must(
        level.committed >= 0 && level.held >= 0,
        `committed ${level.committed}, held ${level.held} after ${what}`
      )
      const grown = shortfall(level.onHand, level.committed, level.held) - short
      this.must(change.oversold === grown, `oversold is labelled ${change.oversold}, but grew by ${grown} with ${what}`)
      if (change.kind === "reservation.granted") {
        this.must(
          level.committed + level.held <= level.onHand,
          `a grant leaves ${level.onHand} on hand for ${level.committed + level.held}`
        )
      }
      this.judgeHold(change)
      this.seen.oversold += Math.max(0, grown)
    }
    this.seen.changes += changes.length
    this.version += changes.length
    const expired = changes.filter((change) => change.kind === "reservation.expired").length
    this.must(expired === due, `${expired} holds expire, but ${due} are due`)
  }

  private judgeHold(change: StockChange): void {
    if (change.reservationId === undefined) return
    const hold = this.books.holds.get(change.reservationId)
    this.must(hold !== undefined, `${change.kind} of a hold that was never asked for`)
    this.must(
      hold.at === change.locationId,
      `${change.kind} is booked at ${change.locationId}, the hold is at ${hold.at}`
    )
    if (change.kind === "reservation.granted") {
      this.must(
        change.held === hold.units && change.expiresAt === hold.endsAt,
        "the grant is booked otherwise than answered"
      )
      return
    }
    this.must(!this.ended.has(change.reservationId), `hold ${change.reservationId} ends twice, now ${change.kind}`)
    this.ended.add(change.reservationId)
    this.must(change.held === -hold.units, `${change.kind} moves ${change.held} held units of a hold of ${hold.units}`)
    this.must(change.kind === `reservation.${hold.end}`, `a hold that is ${hold.end} is booked as ${change.kind}`)
  }

  private judgeLevels(levels: ReadonlyArray<Shown>): void {
    for (const at of new Set([
      ...this.books.places(),
      ...this.folded.keys(),
      ...levels.map((level) => level.locationId)
    ])) {
      const shown = levels.find((level) => level.locationId === at) ?? { onHand: 0, committed: 0, held: 0 }
      const fold = this.folded.get(at) ?? { onHand: 0, committed: 0, held: 0 }
      const books = {
        onHand: this.books.onHand.get(at) ?? 0,
        committed: this.books.committedAt(at),
        held: this.books.heldAt(at)
      }
      for (const name of ["onHand", "committed", "held"] as const) {
        this.must(shown[name] === books[name], `${name} at ${at} is ${shown[name]}, the books say ${books[name]}`)
        this.must(fold[name] === books[name], `${name} at ${at} folds to ${fold[name]}, the books say ${books[name]}`)
      }
    }
  }
}
