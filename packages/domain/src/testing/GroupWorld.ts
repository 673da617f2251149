/**
 * Groups of holds in the middle of an invented history: their registers, and the messages between coordinators and lines.
 *
 * A message may be delayed, overtaken, lost, or come twice, and so may its answer; a register is written as a database does it,
 * over the revision that was read and by its own clock. Guarantee: what is written and what becomes of each hold goes to
 * `GroupJudge` at once. It decides nothing: who works on a group is in `GroupWorkers`.
 */
import { dueMembers, type GroupFate, type GroupFates } from "../DueHolds.ts"
import { fateOf, overdue } from "../GroupRules.ts"
import type { Sku } from "../Identity.ts"
import type { LineRequest } from "../LineRules.ts"
import { membershipOf } from "../Partition.ts"
import type { ReservationAnswer } from "../Reservation.ts"
import type { GroupChange, ReservationGroup } from "../ReservationGroup.ts"
import type { StockState } from "../StockState.ts"
import { GroupJudge } from "./GroupJudge.ts"
import type { Random } from "./Random.ts"
import { Shelf } from "./Shelf.ts"
import { StockWorkload, type WorkloadStep } from "./StockWorkload.ts"

interface Letter {
  readonly sku: Sku
  readonly request: LineRequest
  readonly hear: (answer: ReservationAnswer) => void
}

export class GroupWorld {
  now: number
  readonly judge = new GroupJudge()
  readonly registers = new Map<string, ReservationGroup>()
  readonly shelf: Shelf
  readonly workload: StockWorkload
  private readonly random: Random
  private letters: Array<Letter> = []
  /** copies that come when they are no longer waited for */
  private readonly late: Array<Letter> = []

  constructor(seed: number, random: Random) {
    this.random = random
    this.workload = new StockWorkload(seed)
    const { policies, now } = this.workload
    this.now = now
    this.shelf = new Shelf({
      learn: (answer) => this.workload.learn(answer),
      policies,
      fatesOf: (state, now) => this.fatesOf(state, now)
    })
  }

  /** Something happens that has nothing to do with groups, or with a hold of one. */
  take(step: WorkloadStep): void {
    this.now = Math.max(this.now, step.now)
    this.shelf.take({ ...step, now: this.now })
    this.look()
  }

  begin(group: ReservationGroup): boolean {
    if (this.registers.has(group.id)) return false
    this.registers.set(group.id, group)
    this.judge.judgeBegun(group)
    return true
  }

  /** @returns whether it was written: over what was read, and only while or once it is due where that is said */
  write({ group, when }: GroupChange): boolean {
    const before = this.registers.get(group.id)!
    const isDue = before.dueAt <= this.now
    if (group.revision !== before.revision + 1 || (when !== undefined && isDue !== (when === "due"))) {
      this.judge.see("another one wrote first")
      return false
    }
    this.registers.set(group.id, group)
    this.judge.judgeWrite(before, group, this.now)
    this.judge.judgeStanding(this.registers)
    return true
  }

  send(sku: Sku, request: LineRequest, hear: Letter["hear"]): void {
    this.letters.push({ sku, request, hear })
    if (this.random.chance(0.25)) this.late.push({ sku, request, hear })
  }

  /** One letter arrives, of those under way; or none, when it is lost. */
  deliver(): void {
    const { random } = this
    const letters = random.chance(0.12) ? this.late : this.letters
    if (letters.length === 0) return
    const which = random.chance(0.5) ? 0 : random.whole(0, letters.length - 1)
    const letter = letters[which]!
    if (!random.chance(0.1)) letters.splice(which, 1)
    if (random.chance(0.08)) return
    const answer = this.shelf.ask(letter.sku, letter.request, this.now)
    this.judge.judgeAnswer(letter.request.reservationId, answer)
    this.look()
    // orders may name it, and clients that do not know better ask for it alone
    if (letter.request.ask === "hold" && answer.status === "granted" && random.chance(0.3)) this.workload.learn(answer)
    if (!random.chance(0.08)) letter.hear(answer)
  }

  /** Nothing that is under way arrives any more. */
  loseLetters(): void {
    this.letters = []
    this.late.length = 0
  }

  /** Groups with something left to do, which is due. */
  due(): ReadonlyArray<ReservationGroup> {
    return [...this.registers.values()].filter((group) => !group.settled && group.dueAt <= this.now)
  }

  /** As the owner of a partition asks, before it decides anything. */
  private fatesOf(state: StockState, now: number): GroupFates {
    const fates = new Map<string, GroupFate>()
    for (const id of dueMembers(state, now)) {
      const member = membershipOf(id)!
      const group = this.registers.get(member.group)!
      const change = group.dueAt <= now ? overdue(group) : undefined
      if (change !== undefined) this.write(change)
      fates.set(id, fateOf(this.registers.get(member.group), member))
    }
    return fates
  }

  private look(): void {
    for (const shelved of this.shelf.skus.values()) this.judge.look(shelved, this.registers)
    this.judge.judgeStanding(this.registers)
  }
}
