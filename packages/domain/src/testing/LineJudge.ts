/**
 * The auditor's judgement of what a line of a group answers: as a single hold would, but that it is known by its id, is asked
 * again without harm, takes less than all where that is welcome, and holds nothing past its group's deadline.
 *
 * Guarantee: after an answer that is right, the books have the hold as it says. Whether the group may ask it, `GroupJudge` knows.
 */
import type { LocationId } from "../Identity.ts"
import type { LineRequest } from "../LineRules.ts"
import type { ReservationAnswer } from "../Reservation.ts"
import { must } from "./AuditFailure.ts"
import { type AnswerJudge, moveOf, mustDeny, type Touched, untouched } from "./AnswerJudge.ts"
import type { StockBooks } from "./StockBooks.ts"

type HoldLine = Extract<LineRequest, { readonly ask: "hold" }>

export class LineJudge {
  private readonly books: StockBooks
  private readonly availableAt: (at: LocationId) => number
  private readonly answers: AnswerJudge

  constructor(books: StockBooks, availableAt: (at: LocationId) => number, answers: AnswerJudge) {
    this.books = books
    this.availableAt = availableAt
    this.answers = answers
  }

  /** @throws AuditFailure */
  judge(request: LineRequest, now: number, answer: ReservationAnswer | undefined): Touched {
    must(answer !== undefined, `${request.ask} is not answered`)
    const { reservationId: id } = request
    const hold = this.books.holds.get(id)
    if (hold === undefined)
      return request.ask === "hold" ? this.judgeHold(request, now, answer) : mustDeny(answer, "unknown_reservation")
    if (hold.end !== "open")
      return mustDeny(answer, hold.end === "expired" ? "reservation_expired" : "reservation_ended")
    switch (request.ask) {
      case "hold":
        must(answer.status === "granted" && answer.quantity === hold.units, "an open line does not say what it holds")
        must(answer.expiresAt === hold.endsAt, "an open line does not say until when it holds")
        return untouched
      case "confirm":
        return this.answers.judgeConfirm(id, request.orderId, hold.units, answer)
      case "release":
        return this.answers.judgeRelease(id, answer)
      case "live":
        must(answer.status === "granted" && answer.expiresAt === request.until, "an open line does not live as told")
        this.books.holds.set(id, { ...hold, endsAt: request.until })
        return moveOf(hold.endsAt, request.until)
    }
  }

  private judgeHold(request: HoldLine, now: number, answer: ReservationAnswer): Touched {
    const { reservationId: id, locationId: at, quantity, partial, expiresAt, deadline, orderId } = request
    if (now >= deadline || now >= expiresAt) return mustDeny(answer, "too_late")
    if (!this.books.isKnown()) return mustDeny(answer, "unknown_sku")
    const free = this.availableAt(at)
    const units = partial && free < quantity ? free : quantity
    if (units > free || units <= 0) {
      must(answer.status !== "denied" || answer.available === free, `the denial names not the ${free} available units`)
      return mustDeny(answer, "insufficient_stock")
    }
    must(answer.status === "granted" && answer.quantity === units, `${units} of ${free} available are not held`)
    must(answer.reservationId === id && answer.expiresAt === expiresAt, "a line holds otherwise than it was asked")
    this.books.holds.set(id, {
      at,
      units,
      endsAt: expiresAt,
      orderId,
      end: "open",
      ofGroup: true,
      guarded: id.endsWith("-guard")
    })
    return { cause: "reservation.granted" }
  }
}
