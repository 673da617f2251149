/**
 * The auditor's judgement of the answers to requests: no grant beyond what is available, no needless denial, and a hold that
 * ends for the reason that its answer gives.
 *
 * Guarantee: after an answer that is right, the books have the hold as it says. That its changes say the same is judged
 * by `ChangeJudge`. It knows holds that are confirmed and released whole, and refuses to judge any other request.
 */
import type { LocationId, OrderId, ReservationId } from "../Identity.ts"
import type { ReservationAnswer, ReservationRequest } from "../Reservation.ts"
import type { Placement } from "./AllocationJudge.ts"
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

const mustDeny = (answer: ReservationAnswer, reason: string): Touched => {
  const got = answer.status === "denied" ? answer.reason : answer.status
  must(got === reason, `the answer is ${got}, not ${reason}`)
  return untouched
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
    const hold = this.books.holds.get(request.reservationId)
    if (hold === undefined) return mustDeny(answer, "unknown_reservation")
    if (hold.end !== "open")
      return mustDeny(answer, hold.end === "expired" ? "reservation_expired" : "reservation_ended")
    if (request.verb === "release") {
      must(answer.status === "released" && answer.quantity === hold.units, "an open hold is not released")
      this.books.holds.set(request.reservationId, { ...hold, end: "released" })
      return { cause: "reservation.released" }
    }
    must(request.verb === "confirm" && request.quantity === undefined, `the books know no such ${request.verb}`)
    const orderId = request.orderId ?? hold.orderId
    if (orderId === undefined) return mustDeny(answer, "order_required")
    return this.judgeConfirm(request.reservationId, orderId, answer)
  }

  /** Where so many units are committed that one place might leave the range, a denial is right too. */
  private judgeConfirm(id: ReservationId, orderId: OrderId, answer: ReservationAnswer): Touched {
    const hold = this.books.holds.get(id)!
    this.books.confirm(orderId, hold.units)
    if (this.books.openUnits() > mostUnits && answer.status === "denied") {
      this.books.forgetConfirmation()
      return mustDeny(answer, "quantity_out_of_range")
    }
    must(answer.status === "confirmed" && answer.quantity === hold.units, "an open hold is not confirmed")
    this.books.holds.set(id, { ...hold, end: "confirmed" })
    const wishes = [[hold.at, hold.units] as const]
    return {
      document: { kind: "order", id: orderId },
      placement: { wishes, leaving: undefined },
      cause: "reservation.confirmed"
    }
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
      end: "open"
    })
    return { cause: "reservation.granted" }
  }
}
