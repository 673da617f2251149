/**
 * The auditor's judgement of the changes themselves: each must be one that could be, and their fold is what it is compared with.
 *
 * Guarantee: labels add up, promises are never negative and never beyond what is there, holds are folded as `HoldJudge` does,
 * and a movement is booked in full: on hand, or as counted already. It does not say what quantities should be; the books do.
 */
import type { DocumentLine } from "../DocumentLine.ts"
import type { LocationId } from "../Identity.ts"
import type { StockChange, StockChangeKind } from "../StockChange.ts"
import type { SkuFact } from "../StockEvent.ts"
import type { StockState } from "../StockState.ts"
import { must } from "./AuditFailure.ts"
import { keyOf, nameOf } from "./DocumentJudge.ts"
import { HoldJudge } from "./HoldJudge.ts"
import { type BookedLevel, blankLevel, type StockBooks } from "./StockBooks.ts"

/** Of what changes are booked besides expiries: a fact, an answer about a hold, or nothing. */
export type Cause = SkuFact | Extract<StockChangeKind, `reservation.${string}`> | "nothing"

const sellable = (level: BookedLevel): number =>
  level.onHand - level.receiving - level.inspection - level.damaged - level.quality

const shortfall = (level: BookedLevel): number => Math.max(0, level.committed + level.held - sellable(level))

export class ChangeJudge {
  readonly levels = new Map<LocationId, BookedLevel>()
  readonly lines = new Map<string, DocumentLine>()
  /** documents that the latest changes were about */
  readonly touched = new Set<string>()
  version = 0
  private readonly holds: HoldJudge
  private readonly books: StockBooks
  private readonly see: (corner: string, times?: number) => void

  constructor(books: StockBooks, see: (corner: string, times?: number) => void) {
    this.books = books
    this.holds = new HoldJudge(books)
    this.see = see
  }

  /** Folds a change and judges it by itself. @throws AuditFailure */
  fold(change: StockChange): void {
    this.judgeChange(change)
    this.version += 1
    this.see("changes")
  }

  /**
   * Folds what one command changes, after what was due.
   * @throws AuditFailure
   */
  judge(own: ReadonlyArray<StockChange>, cause: Cause): void {
    this.touched.clear()
    for (const change of own) this.fold(change)
    if (cause === "nothing") must(own.length === 0, `${own[0]?.kind} is booked, and nothing was to be`)
    else if (typeof cause === "object") this.judgeFactChanges(own, cause)
    else {
      must(own.length > 0, `${cause} leaves no trace`)
      for (const change of own) must(change.kind === cause, `${cause} is booked as ${change.kind}`)
      must(
        own.every((change) => change.onHand === 0 && change.counted === undefined),
        `${cause} moves units`
      )
    }
  }

  /** @throws AuditFailure */
  compareHolds(state: StockState): void {
    this.holds.compare(state)
  }

  private judgeChange(change: StockChange): void {
    const level = this.levels.get(change.locationId) ?? blankLevel()
    const short = shortfall(level)
    level.onHand += change.onHand
    level.committed += change.committed
    level.held += change.held
    for (const name of [
      "receiving",
      "inspection",
      "damaged",
      "quality",
      "incoming",
      "inTransit",
      "safetyStock"
    ] as const)
      level[name] += change[name] ?? 0
    level.countedAt = change.countedAt ?? level.countedAt
    level.safetyStockAt = change.safetyStockAt ?? level.safetyStockAt
    this.levels.set(change.locationId, level)
    const what = `${change.kind} at ${change.locationId}`
    must(level.committed >= 0 && level.held >= 0, `committed ${level.committed}, held ${level.held} after ${what}`)
    const grown = shortfall(level) - short
    must(change.oversold === grown, `oversold is labelled ${change.oversold}, but grew by ${grown} with ${what}`)
    if (grown > 0) this.see("oversold")
    if (change.kind === "reservation.granted")
      must(
        level.committed + level.held + level.safetyStock <= sellable(level),
        `more is granted than available, ${what}`
      )
    this.holds.judge(change)
    if (change.line === undefined) return
    const name = nameOf(change.line)
    must(change.documentId === name.id, `a change of document ${change.documentId} has the line of ${name.id}`)
    this.touched.add(keyOf(name))
    this.lines.set(keyOf(name), change.line)
  }

  private judgeFactChanges(changes: ReadonlyArray<StockChange>, fact: SkuFact): void {
    const booked = changes.filter((change) => change.kind !== "reservation.consumed")
    must(booked.length > 0, `${fact.type} leaves no trace`)
    for (const change of booked) must(change.kind === fact.type, `${fact.type} is booked as ${change.kind}`)
    if (fact.type === "count.cycle") {
      if (booked.every((change) => change.countedAt === undefined)) this.see("count too late")
      else if (booked.some((change) => change.onHand !== 0)) this.see("count corrects")
      return
    }
    const movements = this.books.movementsOf(fact)
    for (const at of new Set([...movements.keys(), ...changes.map((change) => change.locationId)])) {
      const here = changes.filter((change) => change.locationId === at)
      const moved = here.reduce((sum, change) => sum + change.onHand, 0)
      const seen = here.reduce((sum, change) => sum + (change.counted ?? 0), 0)
      const movement = movements.get(at) ?? { moved: 0, seen: 0 }
      must(
        moved === movement.moved && seen === movement.seen,
        `${fact.type} moves ${moved} at ${at} and leaves ${seen} counted, the books say ${movement.moved} and ${movement.seen}`
      )
      if (movement.seen !== 0) this.see("movement counted before")
    }
  }
}
