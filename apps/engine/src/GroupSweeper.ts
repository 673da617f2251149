/**
 * Finishes what nobody finished: attempts past their deadline, groups that expired, lines that did not hear how theirs ended.
 *
 * Guarantee: a group with something left to do is looked at again and again until nothing is left. It writes what the
 * group's register allows, as everybody does, so that it may be late, early, or done by several at once.
 */
import { overdue, postponed } from "@holdfast/domain/GroupRules"
import type { ReservationGroup } from "@holdfast/domain/ReservationGroup"
import { Database, query } from "@holdfast/ledger/Database"
import { toLedgerError } from "@holdfast/ledger/LedgerError"
import { dueGroups, readGroups } from "@holdfast/ledger/ReservationGroups"
import { Context, Effect, Layer, Schedule } from "effect"
import { sweepGroupsMax, sweepMillis } from "./EngineLimit.ts"
import { GroupLines } from "./GroupLines.ts"
import { GroupRegister } from "./GroupRegister.ts"

const make = Effect.gen(function* () {
  const { sql } = yield* Database
  const register = yield* GroupRegister
  const lines = yield* GroupLines

  const finish = async (group: ReservationGroup): Promise<void> => {
    const change = overdue(group)
    if (change !== undefined && !(await register.write(change))) return
    const closed = change?.group ?? group
    if ((await lines.settle(closed, undefined)) !== undefined) return
    // a line that cannot hear, such as one of a quarantined SKU, must not keep others from being looked at
    const { now } = await readGroups(sql, [])
    await register.write(postponed(closed, now))
  }

  const sweep = query(async () => {
    const due = await dueGroups(sql, sweepGroupsMax)
    await Promise.all(due.map(finish))
    return due.length
  })
  /** Looks once at what is due. Succeeds with how many groups that were. */
  return { sweep }
})

export class GroupSweeper extends Context.Service<GroupSweeper, Effect.Success<typeof make>>()(
  "@holdfast/engine/GroupSweeper"
) {
  static readonly layer = Layer.effect(GroupSweeper, make)

  /** Sweeps for as long as the layer lives. */
  static readonly regularly = Layer.effectDiscard(
    GroupSweeper.use(({ sweep }) => sweep).pipe(
      Effect.catchCause((cause) =>
        Effect.logWarning("reservations could not be settled", toLedgerError(cause).message)
      ),
      Effect.repeat(Schedule.spaced(sweepMillis)),
      Effect.forkScoped
    )
  )
}
