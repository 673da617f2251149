/**
 * Grants, denies and ends reservations of several SKUs.
 *
 * Guarantee: what is answered is durable and is said again to the same key. Whatever stops the work between two steps,
 * nothing is granted in part: the register says what became of the group, and a sweep tells its lines. It holds no state of
 * its own: whoever finds a group takes it up where it stands.
 */
import { answerGroup, overdue, restarted, verdict } from "@holdfast/domain/GroupRules"
import { holdTtlMillisDefault } from "@holdfast/domain/Limit"
import {
  demandOf,
  type GroupRequest,
  type ReservationGroup,
  type ReserveLinesRequest
} from "@holdfast/domain/ReservationGroup"
import { Context, Effect, Layer } from "effect"
import { groupTurnsMax } from "./EngineLimit.ts"
import { GroupLines } from "./GroupLines.ts"
import { GroupRegister } from "./GroupRegister.ts"
import { GroupSteps } from "./GroupSteps.ts"
import { keyReused } from "./KeysInFlight.ts"
import { busy, noAnswer } from "./NoAnswers.ts"
import type { PartOfRequest } from "./SkuActor.ts"

/** A request's identity: hashes of its idempotency key and of its content. */
export interface Asked {
  readonly key: string
  readonly body: string
  readonly part: PartOfRequest
}

const unknown = noAnswer({ status: "unknown", message: "the ledger did not answer; ask again with the same key" })

const make = Effect.gen(function* () {
  const register = yield* GroupRegister
  const lines = yield* GroupLines
  const reached = yield* GroupSteps

  /** Does the rest without anybody waiting for it; what fails is left to the sweep. */
  const later = (work: Promise<unknown>): void => void work.catch(() => {})

  /**
   * Takes up a group that somebody began and nobody decided.
   * @returns its attempt under way, `busy` when the last one is not cleared away yet, or undefined when another one wrote to it
   */
  const takeUp = async (
    stored: ReservationGroup,
    now: number,
    part: PartOfRequest
  ): Promise<ReservationGroup | "busy" | undefined> => {
    let group = stored
    if (group.status === "pending") {
      if (now < group.dueAt) return group
      const aborted = overdue(group)!
      if (!(await register.write(aborted))) return undefined
      group = aborted.group
    }
    if (!group.settled) {
      const cleared = await lines.settle(group, part)
      if (cleared === undefined) return "busy"
      group = cleared
    }
    await reached("restart", group.id)
    const again = restarted(group, now)
    return (await register.write(again)) ? again.group : undefined
  }

  /** Asks the lines and writes what became of it. @returns the answer, or undefined when another one wrote to the group */
  const attempt = async (group: ReservationGroup, part: PartOfRequest): Promise<string | undefined> => {
    await reached("ask lines", group.id)
    const change = verdict(group, await lines.hold(group, part))
    await reached("decide", group.id)
    if (!(await register.write(change))) return undefined
    const decided = change.group
    if (decided.status !== "granted" && !decided.settled) {
      await reached("tell lines", group.id)
      later(lines.settle(decided, part))
    }
    await reached("answer", group.id)
    return decided.answer ?? busy
  }

  const decide = async ({ key, body, part }: Asked, request: ReserveLinesRequest): Promise<string> => {
    await reached("begin", key)
    const { partial = false, guard = false, orderId, channel, ttlMillis = holdTtlMillisDefault } = request
    const demands = demandOf(request)
    let group = await register.begin({ id: key, body, lines: demands, partial, guard, orderId, channel, ttlMillis })
    let asked = false
    for (let turn = 0; turn < groupTurnsMax; turn++) {
      if (group === undefined) {
        const { now, group: stored } = await register.read(key)
        if (stored === undefined || stored.body !== body) return keyReused
        if (stored.answer !== undefined) {
          // what this one's lines were granted beyond what the other one wrote
          if (asked) later(lines.tell(stored, part))
          return stored.answer
        }
        const taken = await takeUp(stored, now, part)
        if (taken === "busy") return busy
        group = taken
      }
      if (group === undefined) continue
      const answer = await attempt(group, part)
      if (answer !== undefined) return answer
      asked = true
      group = undefined
    }
    return unknown
  }

  const end = async ({ key, body, part }: Asked, id: string, request: GroupRequest): Promise<string> => {
    for (let turn = 0; turn < groupTurnsMax; turn++) {
      await reached("read", id)
      const { now, group, answer: earlier } = await register.read(id, key)
      if (earlier !== undefined) return earlier.body === body ? earlier.answer : keyReused
      const { answer, change } = answerGroup(group, request, now)
      const text = JSON.stringify(answer)
      if (group === undefined) return text
      await reached("end", id)
      if (!(await register.write(change, { key, body, answer: text }))) continue
      if (change !== undefined) {
        await reached("tell lines", id)
        later(change.group.ended === undefined ? lines.tell(change.group, part) : lines.settle(change.group, part))
      }
      await reached("answer", id)
      return text
    }
    return unknown
  }

  return {
    /** Never rejects. @returns the answer as JSON */
    reserve: (asked: Asked, request: ReserveLinesRequest): Promise<string> =>
      decide(asked, request).catch(() => unknown),

    /** Never rejects. @param id of the group, 32 hex digits. @returns the answer as JSON */
    answer: (asked: Asked, id: string, request: GroupRequest): Promise<string> =>
      end(asked, id, request).catch(() => unknown)
  }
})

export class GroupCoordinator extends Context.Service<GroupCoordinator, Effect.Success<typeof make>>()(
  "@holdfast/engine/GroupCoordinator"
) {
  static readonly layer = Layer.effect(GroupCoordinator, make)
}
