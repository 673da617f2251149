/**
 * An independent judge of every decision of the stock rules about one SKU, with books of its own. It shares no code with them,
 * only the types of what goes in and comes out: a mistake would have to be made twice, in two ways, to go unseen.
 *
 * It judges, after every change and for every location: 1. quantities and documents equal its own books, and the fold of
 * the changes equals both; 2. no grant exceeds what was available, no denial was needless; 3. a hold ends exactly once,
 * on time, and is in the state as it is in the books; 4. `oversold` labels add up; 5. `committed` and `held` are never negative; 6. a refusal changes nothing but
 * expiry.
 */
import type { AllocationPolicy } from "../AllocationPolicy.ts"
import type { DocumentLine } from "../DocumentLine.ts"
import type { GroupFate, GroupFates } from "../DueHolds.ts"
import type { LocationId, OrderId, ReservationId, Sku } from "../Identity.ts"
import type { ReservationAnswer } from "../Reservation.ts"
import type { SkuFact } from "../StockEvent.ts"
import type { Decision, StockCommand } from "../StockRules.ts"
import type { StockChange } from "../StockChange.ts"
import type { StockLevel, StockState } from "../StockState.ts"
import { consumedBy, judgeAllocations, type Placement, placementOf, toHome } from "./AllocationJudge.ts"
import { AnswerJudge, confirmedFor, moveOf, type Touched, untouched } from "./AnswerJudge.ts"
import { AuditFailure, must } from "./AuditFailure.ts"
import { ChangeJudge } from "./ChangeJudge.ts"
import { type DocumentName, documentOf, judgeDocument, keyOf } from "./DocumentJudge.ts"
import { LineJudge } from "./LineJudge.ts"
import { spread } from "./SpreadBooks.ts"
import { blankLevel, type BookedHold, type BookedLevel, introduces, mostUnits, StockBooks } from "./StockBooks.ts"

const blank: BookedLevel = blankLevel()
/** What is booked of a due hold whose fate is known. */
const dueCause = (hold: BookedHold, fate: GroupFate): Touched => {
  if (fate.fate === "confirm") return confirmedFor(fate.orderId, hold.at, hold.units)
  return fate.fate === "live" ? moveOf(hold.endsAt, fate.until) : { cause: "reservation.expired" }
}

const quantities = Object.keys(blank) as ReadonlyArray<keyof BookedLevel>

export class StockAuditor {
  /** how often each kind of fact, answer, refusal and corner was met, for reports */
  readonly seen = new Map<string, number>()
  private readonly books = new StockBooks()
  private readonly fold = new ChangeJudge(this.books, (name, times) => this.see(name, times))
  private readonly answers = new AnswerJudge(this.books, (at) => this.availableAt(at))
  private readonly lines = new LineJudge(this.books, (at) => this.availableAt(at), this.answers)
  private readonly sku: Sku
  private readonly policies: ReadonlyMap<string, AllocationPolicy>

  /** @param policies from where channels' orders are served; the others sell from everywhere */
  constructor(sku: Sku, policies: ReadonlyMap<string, AllocationPolicy>) {
    this.sku = sku
    this.policies = policies
  }

  /**
   * Judges one decision.
   * @param state as it is after the decision was applied
   * @param fates what groups said of their due holds
   * @throws AuditFailure
   */
  judge(command: StockCommand, now: number, decision: Decision, state: StockState, fates: GroupFates): void {
    try {
      const due = this.judgeDue(decision.changes, now, fates)
      const touched = this.judgeCommand(command, now, decision)
      const before = this.allocationsOf(touched.document)
      this.fold.judge(decision.changes.slice(due), touched.cause)
      this.judgeTouched(touched, before)
      this.seeAnswer(decision.answer)
      const { version } = state
      must(version === this.fold.version, `version is ${version}, but ${this.fold.version} changes were made`)
      const named = decision.answer?.version
      must(named === undefined || named === version, "the answer names another version")
      this.judgeLevels(state.levels)
      this.fold.compareHolds(state)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new AuditFailure(`${this.sku}: ${reason}, after ${JSON.stringify(command)}`, { cause })
    }
  }

  private see(name: string, times = 1): void {
    this.seen.set(name, (this.seen.get(name) ?? 0) + times)
  }

  private seeAnswer(answer: ReservationAnswer | undefined): void {
    if (answer?.status === "confirmed" && answer.left !== undefined) this.see("confirmed in part")
    if (answer !== undefined) this.see(answer.status === "denied" ? `denied ${answer.reason}` : answer.status)
  }

  /** Due holds end before anything else, in any order. @returns how many changes that takes */
  private judgeDue(changes: ReadonlyArray<StockChange>, now: number, fates: GroupFates): number {
    const ends = new Map<ReservationId, GroupFate>()
    for (const [id, hold] of this.books.dueAt(now)) {
      const fate = hold.ofGroup ? fates.get(id) : ({ fate: "expire" } as const)
      if (fate !== undefined && !(fate.fate === "live" && fate.until === hold.endsAt)) ends.set(id, fate)
    }
    let at = 0
    while (ends.size > 0) {
      const first = changes[at]
      const fate = first?.reservationId === undefined ? undefined : ends.get(first.reservationId)
      must(fate !== undefined, `${[...ends.keys()].join()} is due, and ${first?.kind ?? "nothing"} is booked`)
      ends.delete(first!.reservationId!)
      const more = changes.slice(at + 1).findIndex((one) => one.kind !== first!.kind || one.reservationId !== undefined)
      const end = more < 0 ? changes.length : at + 1 + more
      this.judgeFate(first!.reservationId!, fate, changes.slice(at, end))
      at = end
    }
    return at
  }

  private judgeFate(id: ReservationId, fate: GroupFate, changes: ReadonlyArray<StockChange>): void {
    const hold = this.books.holds.get(id)!
    if (fate.fate === "expire") this.books.holds.set(id, { ...hold, end: "expired" })
    else if (fate.fate === "live") this.books.holds.set(id, { ...hold, endsAt: fate.until })
    else {
      this.books.holds.set(id, { ...hold, end: "confirmed" })
      this.books.confirm(fate.orderId, hold.units)
    }
    this.see(fate.fate === "expire" ? "expired" : `due hold: ${fate.fate}`)
    const touched = dueCause(hold, fate)
    const before = this.allocationsOf(touched.document)
    this.fold.judge(changes, touched.cause)
    this.judgeTouched(touched, before)
  }

  private judgeCommand(command: StockCommand, now: number, decision: Decision): Touched {
    if (command._tag === "Fact") return this.judgeFact(command.fact, decision)
    if (command._tag === "Line") return this.lines.judge(command.request, now, decision.answer)
    if (command._tag === "Request") return this.answers.judge(command.request, now, decision.answer)
    return untouched
  }

  private judgeFact(told: SkuFact, decision: Decision): Touched {
    must(decision.answer === undefined, "a fact is not answered")
    if (!this.books.isKnown() && !introduces(told)) {
      must(decision.refusal?.reason === "unknown_sku", `${told.type} of a SKU never heard of is not refused`)
      this.see("refused unknown_sku")
      return untouched
    }
    const { holds } = this.books
    const consumed = consumedBy(told, holds)
    const rest = this.restOf(told, consumed)
    const fact = this.books.book(told)
    const placement = placementOf(told, holds, rest)
    if (this.refusedForRange(told, decision)) {
      this.books.forgetLast()
      this.see("refused quantity_out_of_range")
      return untouched
    }
    for (const id of consumed.keys()) this.books.holds.set(id, { ...this.books.holds.get(id)!, end: "consumed" })
    this.see("hold consumed", consumed.size)
    this.see(`applied ${fact.type}`)
    const document = documentOf(fact)
    return { ...(document === undefined ? {} : { document }), placement, cause: fact }
  }

  /** Where so many units are committed that one place might leave the range, either is right: it depends on the places. */
  private refusedForRange(told: SkuFact, decision: Decision): boolean {
    const beyond = (units: number): boolean => Math.abs(units) > mostUnits
    const refused = decision.refusal !== undefined
    if (refused)
      must(decision.refusal.reason === "quantity_out_of_range", `${told.type} is refused: ${decision.refusal.reason}`)
    const levels = this.books.levels()
    const units = quantities.filter((name) => !name.endsWith("At"))
    const leaves = [...levels.values()].some((level) => units.some((name) => beyond(level[name])))
    if (leaves) must(refused, `${told.type} leaves the range and is not refused`)
    else if (!beyond(this.books.openUnits())) must(!refused, `${told.type} is refused: ${decision.refusal?.detail}`)
    return refused
  }

  /** Where the channel's policy puts units, by what may still be promised once the holds are consumed that the fact names. */
  private restOf(fact: SkuFact, consumed: ReadonlyMap<ReservationId, number>): Placement["rest"] {
    if (fact.type !== "order.placed" && fact.type !== "order.changed") return toHome
    const { orderId, channel = [] } = fact.data
    const [came] = [...this.books.order(orderId).channels, ...[channel].flat()].toSorted()
    const policy = came === undefined ? undefined : this.policies.get(came)
    if (policy === undefined) return toHome
    const levels = this.books.levels()
    const free = new Map(policy.locations.map((at) => [at, this.freeOf(at, levels.get(at))]))
    for (const id of consumed.keys()) {
      const { at, units } = this.books.holds.get(id)!
      if (free.has(at)) free.set(at, free.get(at)! + units)
    }
    const destination = fact.type === "order.placed" ? fact.data.destination : undefined
    return (units) => {
      const parts = spread(units, policy, destination, free)
      this.see(parts.length > 1 ? "units spread over several locations" : "units placed by a policy")
      return parts
    }
  }

  private availableAt(at: LocationId): number {
    return this.freeOf(at, this.books.levels().get(at))
  }

  private freeOf(at: LocationId, level: BookedLevel = blank): number {
    const unsellable = level.receiving + level.inspection + level.damaged + level.quality
    return level.onHand - unsellable - this.allocatedAt(at) - level.held - level.safetyStock
  }

  private allocatedAt(at: LocationId): number {
    let units = 0
    for (const line of this.fold.lines.values()) {
      if (line.kind !== "order") continue
      for (const allocation of line.allocations) if (allocation.locationId === at) units += allocation.units
    }
    return units
  }

  private allocationsOf(document: DocumentName | undefined): Extract<DocumentLine, { kind: "order" }>["allocations"] {
    const line = document === undefined ? undefined : this.fold.lines.get(keyOf(document))
    return line?.kind === "order" ? line.allocations : []
  }

  private judgeTouched({ document, placement }: Touched, before: ReturnType<typeof this.allocationsOf>): void {
    for (const name of this.fold.touched) must(document !== undefined && name === keyOf(document), `${name} is changed`)
    if (document === undefined || placement === undefined) return
    const line = this.fold.lines.get(keyOf(document))
    must(line !== undefined, `${keyOf(document)} is not remembered`)
    try {
      judgeDocument(line, this.books)
      if (line.kind === "order")
        this.see(judgeAllocations(before, line.allocations, this.books.order(line.orderId as OrderId), placement))
    } catch (cause) {
      throw new AuditFailure(`${keyOf(document)}: ${(cause as Error).message}`, { cause })
    }
  }

  private judgeLevels(levels: ReadonlyArray<StockLevel>): void {
    const books = this.books.levels()
    const places = new Set([...books.keys(), ...this.fold.levels.keys(), ...levels.map((level) => level.locationId)])
    for (const at of places) {
      const level = books.get(at) ?? blankLevel()
      level.committed = this.allocatedAt(at)
      const shown = levels.find((one) => one.locationId === at)
      this.judgeLevel(at, level, shown, this.fold.levels.get(at))
    }
    const committed = [...this.fold.levels.values()].reduce((sum, level) => sum + level.committed, 0)
    const open = this.books.openUnits()
    must(committed === open, `${committed} units are committed, ${open} are open`)
  }

  private judgeLevel(
    at: LocationId,
    counted: BookedLevel,
    shown: BookedLevel | undefined,
    folded: BookedLevel | undefined
  ): void {
    for (const name of quantities) {
      const is = (shown ?? blank)[name]
      const fold = (folded ?? blank)[name]
      if (is === counted[name] && fold === counted[name]) continue
      throw new AuditFailure(`${name} at ${at} is ${is} and folds to ${fold}, the books say ${counted[name]}`)
    }
  }
}
