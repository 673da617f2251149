/**
 * The auditor's judgement of the answers to requests: no grant beyond what is available, no needless denial, and a hold that
 * ends for the reason that its answer gives.
 *
 * Guarantee: after an answer that is right, the books have the hold as it says. That its changes say the same is judged
 * by `ChangeJudge`.
 */
import type { LocationId, OrderId, ReservationId } from "../Identity.ts"
import type { ReservationAnswer, ReservationRequest } from "../Reservation.ts"
import { type Placement, toHome } from "./AllocationJudge.ts"
import { must } from "./AuditFailure.ts"
import type { Cause } from "./ChangeJudge.ts"
import type { DocumentName } from "./DocumentJudge.ts"
import { home } from "./FactPostings.ts"
import { mostUnits, type StockBooks } from "./StockBooks.ts"

const tenMinutes = 600_000

/** What a command was about: its changes are judged by it. */
export interface Touched {
  readonly document?: DocumentName
  readonly placement?: Placement
  /** a fact as it was booked, or what an answer is booked as */
  readonly cause: Cause
}

export const untouched: Touched = { cause: "nothing" }

export const mustDeny = (answer: ReservationAnswer, reason: string): Touched => {
  const got = answer.status === "denied" ? answer.reason : answer.status
  must(got === reason, `the answer is ${got}, not ${reason}`)
  return untouched
}

/** What units of a hold that became units of an order are booked as. */
export const confirmedFor = (id: OrderId, at: LocationId, units: number): Touched => ({
  document: { kind: "order", id },
  placement: { wishes: [[at, units]], leaving: undefined, rest: toHome },
  cause: "reservation.confirmed"
})

/** What it is booked as that a hold is given another end. */
export const moveOf = (before: number, after: number): Touched => {
  if (before === after) return untouched
  if (after === Infinity) return { cause: "reservation.pinned" }
  return { cause: before === Infinity ? "reservation.unpinned" : "reservation.extended" }
}

export class AnswerJudge {
  private readonly books: StockBooks
  private readonly availableAt: (at: LocationId) => number

  constructor(books: StockBooks, availableAt: (at: LocationId) => number) {
    this.books = books
    this.availableAt = availableAt
  }

  /** @throws AuditFailure */
  judge(request: ReservationRequest, now: number, answer: ReservationAnswer | undefined): Touched {
    must(answer !== undefined, `${request.verb} is not answered`)
    if (request.verb === "reserve") return this.judgeReserve(request, now, answer)
    const { reservationId: id } = request
    const hold = this.books.holds.get(id)
    if (hold === undefined) return mustDeny(answer, "unknown_reservation")
    if (hold.end !== "open")
      return mustDeny(answer, hold.end === "expired" ? "reservation_expired" : "reservation_ended")
    if (hold.ofGroup) return mustDeny(answer, "part_of_group")
    switch (request.verb) {
      case "release":
        return this.judgeRelease(id, answer)
      case "confirm": {
        const orderId = request.orderId ?? hold.orderId
        if (orderId === undefined) return mustDeny(answer, "order_required")
        const { quantity = hold.units } = request
        if (quantity <= hold.units) return this.judgeConfirm(id, orderId, quantity, answer)
        must(
          answer.status === "denied" && answer.available === hold.units,
          `the denial names not the ${hold.units} held`
        )
        return mustDeny(answer, "exceeds_hold")
      }
      case "extend":
        return this.judgeLife(id, "extended", Math.max(hold.endsAt, now + request.ttlMillis), answer)
      case "pin":
        return this.judgeLife(id, "pinned", Infinity, answer)
      case "unpin": {
        const life = request.ttlMillis ?? tenMinutes
        return this.judgeLife(id, "unpinned", hold.endsAt === Infinity ? now + life : hold.endsAt, answer)
      }
    }
  }

  /** Judges the release of an open hold. @throws AuditFailure */
  judgeRelease(id: ReservationId, answer: ReservationAnswer): Touched {
    const hold = this.books.holds.get(id)!
    must(answer.status === "released" && answer.quantity === hold.units, "an open hold is not released")
    this.books.holds.set(id, { ...hold, end: "released" })
    return { cause: "reservation.released" }
  }

  /**
   * Judges the confirmation of an open hold, or of a part of it. Where so many units are committed that one place might leave
   * the range, a denial is right too.
   * @throws AuditFailure
   */
  judgeConfirm(id: ReservationId, orderId: OrderId, units: number, answer: ReservationAnswer): Touched {
    const hold = this.books.holds.get(id)!
    this.books.confirm(orderId, units)
    if (this.books.openUnits() > mostUnits && answer.status === "denied") {
      this.books.forgetConfirmation()
      return mustDeny(answer, "quantity_out_of_range")
    }
    must(answer.status === "confirmed" && answer.quantity === units, "an open hold is not confirmed")
    const left = hold.units - units
    must(answer.left === (left === 0 ? undefined : left), `${left} units are left of the hold, not ${answer.left}`)
    this.books.holds.set(id, left === 0 ? { ...hold, end: "confirmed" } : { ...hold, units: left })
    return confirmedFor(orderId, hold.at, units)
  }

  private judgeLife(
    id: ReservationId,
    status: "extended" | "pinned" | "unpinned",
    endsAt: number,
    answer: ReservationAnswer
  ): Touched {
    const hold = this.books.holds.get(id)!
    must(answer.status === status && answer.quantity === hold.units, `an open hold is not ${status}`)
    const said = answer.expiresAt ?? Infinity
    must(said === endsAt, `the hold is to end at ${said}, the books say ${endsAt}`)
    this.books.holds.set(id, { ...hold, endsAt })
    return moveOf(hold.endsAt, endsAt)
  }

  private judgeReserve(
    request: Extract<ReservationRequest, { readonly verb: "reserve" }>,
    now: number,
    answer: ReservationAnswer
  ): Touched {
    if (!this.books.isKnown()) return mustDeny(answer, "unknown_sku")
    const at = request.locationId ?? home
    const free = this.availableAt(at)
    if (request.quantity > free) {
      mustDeny(answer, "insufficient_stock")
      const named = answer.status === "denied" ? answer.available : undefined
      must(named === free, `the denial names ${named} units, ${free} are available`)
      return untouched
    }
    must(answer.status === "granted", `${request.quantity} of ${free} available are not granted`)
    must(answer.quantity === request.quantity, "the grant is of another quantity")
    must(answer.expiresAt === now + (request.ttlMillis ?? tenMinutes), "the hold ends at another time than asked")
    must(!this.books.holds.has(answer.reservationId), "the reservation id was given before")
    this.books.holds.set(answer.reservationId, {
      at,
      units: request.quantity,
      endsAt: answer.expiresAt,
      orderId: request.orderId,
      end: "open",
      ofGroup: false,
      guarded: request.guard === true
    })
    return { cause: "reservation.granted" }
  }
}
