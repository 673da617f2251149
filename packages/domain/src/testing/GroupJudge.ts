/**
 * An independent judge of groups of holds: what their registers say, in which order, and what becomes of each line's hold.
 *
 * 1. A group is granted once, before its deadline, and only while every line holds what the register says: all that was asked
 *    for, or with `partial` at least one unit. It is denied only if a line was: all of them where less is welcome.
 * 2. It ends once: confirmed or released before its end, expired after it. An answer that was stored is never another.
 * 3. A hold is confirmed only if the register says so, for its order and with the units that the register granted; it is let go
 *    only if the register can never confirm it. While its group is open it is held, unless an order consumed it.
 * 4. In the end nothing is held.
 *
 * It shares no code with the rules and reads the ledger, not the state.
 */
import type { GroupAnswer, ReservationGroup } from "../ReservationGroup.ts"
import type { ReservationAnswer } from "../Reservation.ts"
import type { StockChange } from "../StockChange.ts"
import { must } from "./AuditFailure.ts"
import type { Shelved } from "./Shelf.ts"

interface LineHold {
  readonly units: number
  readonly end: "open" | "consumed" | "confirmed" | "released" | "expired"
}

const memberIn = (id: string | undefined) => {
  const [, group, attempt, line] = /-g([0-9a-f]{32})-([0-9]+)-([0-9]+)/.exec(id ?? "") ?? []
  return group === undefined ? undefined : { group, attempt: Number(attempt), line: Number(line) }
}

const nameOf = (group: string, attempt: number, line: number): string => `${group}/${attempt}/${line}`

const finalDenials: ReadonlySet<string> = new Set(["insufficient_stock", "unknown_sku", "quantity_out_of_range"])

const steps: ReadonlySet<string> = new Set([
  "pending>pending",
  "pending>granted",
  "pending>denied",
  "pending>aborted",
  "aborted>aborted",
  "aborted>pending",
  "denied>denied",
  "granted>granted"
])

export class GroupJudge {
  /** how often each corner was met, for reports */
  readonly seen = new Map<string, number>()
  private readonly holds = new Map<string, LineHold>()
  /** lines that were denied for what the stock is */
  private readonly denied = new Set<string>()
  private readonly looked = new Map<Shelved, number>()

  see(name: string): void {
    this.seen.set(name, (this.seen.get(name) ?? 0) + 1)
  }

  judgeBegun(group: ReservationGroup): void {
    must(group.status === "pending" && group.lines.every(({ granted }) => granted === 0), "a group begins with units")
  }

  /** What a line answered. */
  judgeAnswer(id: string, answer: ReservationAnswer): void {
    const member = memberIn(id)!
    if (answer.status !== "denied" || !finalDenials.has(answer.reason)) return
    this.denied.add(nameOf(member.group, member.attempt, member.line))
  }

  /** @throws AuditFailure */
  judgeWrite(before: ReservationGroup, after: ReservationGroup, now: number): void {
    const what = `${before.status} ${before.ended ?? ""} > ${after.status} ${after.ended ?? ""}`
    must(
      after.revision === before.revision + 1,
      `a register is written over revision ${before.revision} as ${after.revision}`
    )
    must(steps.has(`${before.status}>${after.status}`), `a register goes ${what}`)
    must(before.ended === undefined || before.ended === after.ended, `a group ends twice: ${what}`)
    must(before.answer === undefined || before.answer === after.answer, "an answer becomes another")
    if (before.status !== after.status) this.judgeStatus(before, after, now)
    if (before.ended !== after.ended) this.judgeEnd(before, after, now)
  }

  private judgeStatus(before: ReservationGroup, after: ReservationGroup, now: number): void {
    this.see(`group ${after.status}`)
    const { id, attempt, lines, partial } = after
    if (after.status === "pending")
      return must(before.settled && attempt === before.attempt + 1, "an attempt begins before the last one is settled")
    must(attempt === before.attempt, "an attempt ends as another")
    if (after.status === "granted") {
      must(now < before.dueAt, "a group is granted past its deadline")
      const granted = lines.filter(({ granted: units }) => units > 0)
      must(granted.length > 0, "a group is granted without a unit")
      must(partial || lines.every((line) => line.granted === line.requested), "a group is granted in part")
      must(
        lines.every((line) => line.granted <= line.requested),
        "more is granted than was asked for"
      )
      this.see(lines.some((line) => line.granted < line.requested) ? "granted in part" : "granted in full")
      if (attempt > 1) this.see("granted at another attempt")
    }
    if (after.status !== "denied") return
    const refused = lines.filter((_, line) => this.denied.has(nameOf(id, attempt, line)))
    must(refused.length >= (partial ? lines.length : 1), `a group is denied when ${refused.length} of its lines were`)
  }

  private judgeEnd(before: ReservationGroup, after: ReservationGroup, now: number): void {
    this.see(`group ${after.ended}`)
    must(before.status === "granted", `a group that is ${before.status} ends as ${after.ended}`)
    if (after.ended === "expired") must(now >= before.expiresAt, "a group expires before its end")
    else must(now < before.expiresAt, `a group is ${after.ended} after its end`)
  }

  /** Reads what the ledger says of lines since the last time. @throws AuditFailure */
  look(shelved: Shelved, registers: ReadonlyMap<string, ReservationGroup>): void {
    const { ledger } = shelved
    for (const { change } of ledger.slice(this.looked.get(shelved) ?? 0)) {
      const member = memberIn(change.reservationId)
      if (member === undefined) continue
      const group = registers.get(member.group)
      must(group !== undefined, "a line holds for a group that nobody began")
      this.judgeChange(change, group, member)
    }
    this.looked.set(shelved, ledger.length)
  }

  private judgeChange(
    change: StockChange,
    group: ReservationGroup,
    { attempt, line }: { attempt: number; line: number }
  ) {
    const name = nameOf(group.id, attempt, line)
    const hold = this.holds.get(name)
    const { granted, requested } = group.lines[line]!
    const isCurrent = group.status === "granted" && group.attempt === attempt && granted > 0
    const kind = change.kind.slice("reservation.".length)
    if (kind === "granted") {
      must(hold === undefined && change.held <= requested, `line ${name} holds twice, or too much`)
      if (group.attempt > attempt || group.settled) this.see("held for a group that is over")
      this.holds.set(name, { units: change.held, end: "open" })
      return
    }
    if (kind !== "consumed" && kind !== "confirmed" && kind !== "released" && kind !== "expired") return
    must(hold?.end === "open", `line ${name} ends twice: ${hold?.end}, ${kind}`)
    this.holds.set(name, { ...hold, end: kind })
    this.see(`line ${kind}`)
    if (kind === "consumed") return
    if (kind === "confirmed") {
      must(isCurrent && group.ended === "confirmed", `line ${name} is confirmed, its group is not`)
      must(granted === hold.units, `${hold.units} units of line ${name} are confirmed, ${granted} are granted`)
      must(change.documentId === group.orderId, `line ${name} is confirmed for order ${change.documentId}`)
      return
    }
    must(
      !isCurrent || (group.ended !== undefined && group.ended !== "confirmed"),
      `line ${name} is ${kind} before its group`
    )
    const isPending = group.status === "pending" && group.attempt === attempt
    must(!isPending, `line ${name} is ${kind} while its group is pending`)
  }

  /** Judges what the registers say against what is held now. @throws AuditFailure */
  judgeStanding(registers: ReadonlyMap<string, ReservationGroup>): void {
    for (const { id, attempt, lines, status, ended, settled } of registers.values()) {
      if (status !== "granted") continue
      for (const [line, { granted }] of lines.entries()) {
        if (granted === 0) continue
        const hold = this.holds.get(nameOf(id, attempt, line))
        must(hold?.units === granted, `line ${line} of ${id} is granted ${granted} units and holds ${hold?.units}`)
        if (ended === undefined)
          must(
            hold.end === "open" || hold.end === "consumed",
            `line ${line} of ${id} is ${hold.end}, its group is open`
          )
        if (settled) must(hold.end !== "open", `line ${line} of ${id} is held, its group is settled`)
      }
    }
  }

  /** What a client heard. @throws AuditFailure */
  judgeSaid(text: string, group: ReservationGroup): void {
    const answer = JSON.parse(text) as GroupAnswer
    this.see(`said ${answer.status}`)
    if (answer.status === "denied") return
    must(group.status === "granted", `${answer.status} is said of a group that is ${group.status}`)
    if (answer.status === "confirmed" || answer.status === "released")
      must(group.ended === answer.status, `${answer.status} is said of a group that is ${group.ended ?? "open"}`)
    if (!("lines" in answer) || answer.lines === undefined) return
    const said = answer.lines.map((one) => `${"quantity" in one ? one.quantity : 0} of ${one.sku} at ${one.locationId}`)
    const meant = group.lines.map((one) => `${one.granted} of ${one.sku} at ${one.locationId}`)
    must(
      said.join() === meant.join(),
      `${said.join()} is said to be ${answer.status}, the register says ${meant.join()}`
    )
  }

  /** Judges what is left when everybody has gone home. @throws AuditFailure */
  judgeEnded(registers: ReadonlyMap<string, ReservationGroup>): void {
    for (const [name, { end }] of this.holds) must(end !== "open", `line ${name} is still held`)
    for (const { id, attempt, lines, status, ended, settled } of registers.values()) {
      must(settled, `group ${id} is never settled`)
      if (status !== "granted" || ended !== "confirmed") continue
      for (const [line, { granted }] of lines.entries()) {
        const end = this.holds.get(nameOf(id, attempt, line))?.end
        must(
          granted === 0 || end === "confirmed" || end === "consumed",
          `line ${line} of ${id} is ${end}, not confirmed`
        )
      }
    }
  }
}
