/**
 * The auditor's judgement of what changes do to holds, from the changes alone: each begins once, moves its end, and ends once.
 *
 * Guarantee: the fold of the changes has the holds that the books have, with their units and their ends, and so has the state.
 * Why a hold should end, or live longer, it does not know; the books do.
 */
import type { LocationId, ReservationId } from "../Identity.ts"
import type { StockChange } from "../StockChange.ts"
import type { StockState } from "../StockState.ts"
import { must } from "./AuditFailure.ts"
import type { StockBooks } from "./StockBooks.ts"

interface FoldedHold {
  readonly units: number
  readonly endsAt: number
}

const moves: ReadonlySet<string> = new Set(["reservation.extended", "reservation.pinned", "reservation.unpinned"])

export class HoldJudge {
  private readonly open = new Map<ReservationId, FoldedHold>()
  private readonly ended = new Set<ReservationId>()
  private readonly books: StockBooks

  constructor(books: StockBooks) {
    this.books = books
  }

  /** @throws AuditFailure */
  judge(change: StockChange): void {
    const { reservationId: id, kind, held } = change
    if (id === undefined) return must(held === 0, `${kind} moves held units of no hold`)
    const booked = this.books.holds.get(id)
    must(booked !== undefined, `${kind} of a hold that was never asked for`)
    must(booked.at === change.locationId, `${kind} is booked at ${change.locationId}, the hold is at ${booked.at}`)
    must(!this.ended.has(id), `hold ${id} ends twice, now ${kind}`)
    const known = this.open.get(id)
    if (kind === "reservation.granted") {
      must(known === undefined && held > 0, `hold ${id} of ${held} units is granted twice`)
      this.open.set(id, { units: held, endsAt: change.expiresAt! })
      return
    }
    must(known !== undefined, `${kind} of a hold that was never granted`)
    if (moves.has(kind)) this.judgeMove(change, known)
    else this.judgeEnd(change, known)
  }

  /** Compares with the books, and the state with both. @throws AuditFailure */
  compare(state: StockState): void {
    const guarded = new Map<LocationId, number>()
    let open = 0
    for (const [id, hold] of this.books.holds) {
      if (hold.end !== "open") continue
      open += 1
      const folded = this.open.get(id)
      const stored = state.holds.get(id)
      const said = `${hold.units} to ${hold.endsAt}`
      must(
        folded?.units === hold.units && folded.endsAt === hold.endsAt,
        `hold ${id} folds to ${folded?.units} to ${folded?.endsAt}, the books say ${said}`
      )
      must(
        stored?.quantity === hold.units && stored.expiresAt === hold.endsAt,
        `hold ${id} is ${stored?.quantity} to ${stored?.expiresAt}, the books say ${said}`
      )
      if (hold.guarded) guarded.set(hold.at, (guarded.get(hold.at) ?? 0) + hold.units)
    }
    must(open === this.open.size, `${this.open.size} holds are open, the books say ${open}`)
    const shown = state.guarded ?? new Map<LocationId, number>()
    for (const at of new Set([...guarded.keys(), ...shown.keys()]))
      must(
        shown.get(at) === guarded.get(at),
        `${shown.get(at)} units are guarded at ${at}, the books say ${guarded.get(at)}`
      )
  }

  private judgeMove({ kind, held, expiresAt, reservationId }: StockChange, known: FoldedHold): void {
    must(held === 0 && expiresAt !== undefined, `${kind} moves held units, or no end`)
    must(expiresAt !== known.endsAt, `${kind} gives a hold the end that it has`)
    const meant = expiresAt === Infinity ? "pinned" : known.endsAt === Infinity ? "unpinned" : "extended"
    must(
      kind === `reservation.${meant}`,
      `a hold to ${known.endsAt} that now ends at ${expiresAt} is booked as ${kind}`
    )
    this.open.set(reservationId!, { ...known, endsAt: expiresAt })
  }

  private judgeEnd({ kind, held, reservationId }: StockChange, known: FoldedHold): void {
    const id = reservationId!
    const units = known.units + held
    must(held < 0 && units >= 0, `${kind} moves ${held} held units of a hold of ${known.units}`)
    must(units === 0 || kind === "reservation.confirmed", `${kind} leaves ${units} units held`)
    if (units > 0) {
      this.open.set(id, { ...known, units })
      return
    }
    this.open.delete(id)
    this.ended.add(id)
    const { end } = this.books.holds.get(id)!
    must(kind === `reservation.${end}`, `a hold that is ${end} is booked as ${kind}`)
  }
}
