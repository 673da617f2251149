/**
 * Those who work on groups of holds, each in steps, and stopped after any of them: coordinators of requests, and sweeps.
 *
 * They do what the engine's do, with the same rules: read the register, ask the lines, write over what was read, tell the lines.
 * Several may work on one group at once, each with a copy that may be old. Whether that is right, `GroupJudge` says.
 */
import {
  answerGroup,
  followUps,
  hasHeard,
  holdRequests,
  isDenied,
  overdue,
  restarted,
  settled,
  verdict
} from "../GroupRules.ts"
import type { LineRequest } from "../LineRules.ts"
import type { ReservationAnswer } from "../Reservation.ts"
import type { GroupRequest, ReservationGroup } from "../ReservationGroup.ts"
import type { GroupWorld } from "./GroupWorld.ts"
import type { Random } from "./Random.ts"

export type Worker = Generator<void, void>

const turnsMax = 3

export class GroupWorkers {
  private readonly world: GroupWorld
  private readonly random: Random

  constructor(world: GroupWorld, random: Random) {
    this.world = world
    this.random = random
  }

  /** Asks for the group, for the first time or again with the same key. */
  *reserve(blank: ReservationGroup): Worker {
    const { world } = this
    yield
    let group = world.begin(blank) ? blank : undefined
    let asked = false
    for (let turn = 0; turn < turnsMax; turn++) {
      if (group === undefined) {
        const stored = world.registers.get(blank.id)!
        if (stored.answer !== undefined) {
          world.judge.judgeSaid(stored.answer, stored)
          if (asked) yield* this.tell(stored)
          return
        }
        yield
        const taken = yield* this.takeUp(stored)
        if (taken === "busy") return
        group = taken
      }
      if (group === undefined) continue
      if (yield* this.attempt(group)) return
      asked = true
      group = undefined
    }
  }

  private *takeUp(stored: ReservationGroup): Generator<void, ReservationGroup | "busy" | undefined> {
    const { world } = this
    const { now } = world
    let group = stored
    if (group.status === "pending") {
      if (now < group.dueAt) return group
      const aborted = overdue(group)!
      if (!world.write(aborted)) return undefined
      group = aborted.group
      yield
    }
    if (!group.settled) {
      const cleared = yield* this.settle(group)
      if (cleared === undefined) return "busy"
      group = cleared
      yield
    }
    const again = restarted(group, now)
    return world.write(again) ? again.group : undefined
  }

  private *attempt(group: ReservationGroup): Generator<void, boolean> {
    const { world } = this
    const answers = yield* this.ask(group, holdRequests(group), (heard) => isDenied(group, heard))
    const change = verdict(group, answers)
    yield
    if (!world.write(change)) return false
    const decided = change.group
    if (decided.answer !== undefined) world.judge.judgeSaid(decided.answer, decided)
    if (decided.status !== "granted" && !decided.settled) yield* this.settle(decided)
    return true
  }

  /** Asks something of a group that was granted. */
  *end(id: string, request: GroupRequest): Worker {
    const { world } = this
    for (let turn = 0; turn < turnsMax; turn++) {
      yield
      const group = world.registers.get(id)
      const { answer, change } = answerGroup(group, request, world.now)
      if (group === undefined) return
      yield
      if (change !== undefined && !world.write(change)) continue
      if (change === undefined) return
      world.judge.judgeSaid(JSON.stringify(answer), change.group)
      yield* change.group.ended === undefined ? this.tell(change.group) : this.settle(change.group)
      return
    }
  }

  /** Finishes what nobody finished. */
  *sweep(group: ReservationGroup): Worker {
    const change = overdue(group)
    yield
    if (change !== undefined && !this.world.write(change)) return
    yield* this.settle(change?.group ?? group)
  }

  /** Sends the requests and waits for a while. */
  private *ask(
    group: ReservationGroup,
    requests: ReadonlyArray<LineRequest>,
    isEnough: (answers: ReadonlyArray<ReservationAnswer | undefined>) => boolean
  ): Generator<void, ReadonlyArray<ReservationAnswer | undefined>> {
    const skuOf = new Map(holdRequests(group).map(({ reservationId }, line) => [reservationId, group.lines[line]!.sku]))
    const answers: Array<ReservationAnswer | undefined> = requests.map(() => undefined)
    for (const [line, request] of requests.entries()) {
      this.world.send(skuOf.get(request.reservationId)!, request, (answer) => (answers[line] = answer))
      if (this.random.chance(0.2)) yield
    }
    const most = this.random.pick([1, 4, 8, 8]) * requests.length
    for (let patience = most; patience > 0 && answers.includes(undefined); patience--) {
      if (isEnough(answers)) break
      yield
    }
    return [...answers]
  }

  private *tell(group: ReservationGroup): Generator<void, boolean> {
    const answers = yield* this.ask(group, followUps(group), () => false)
    return answers.every(hasHeard)
  }

  private *settle(group: ReservationGroup): Generator<void, ReservationGroup | undefined> {
    if (!(yield* this.tell(group))) return undefined
    yield
    const change = settled(group)
    return this.world.write(change) ? change.group : undefined
  }
}
