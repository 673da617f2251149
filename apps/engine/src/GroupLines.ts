/**
 * Takes what a group asks its lines to the partitions of their SKUs.
 *
 * Guarantee: every line answers once, after its commit is durable, or with undefined when nobody knows: its partition is full
 * or changing hands, or its commit's outcome is not known. What is told goes into the inboxes before anything that is asked
 * later. It decides nothing.
 */
import { followUps, hasHeard, holdRequests, isDenied, settled, type LineAnswers } from "@holdfast/domain/GroupRules"
import type { LineRequest } from "@holdfast/domain/LineRules"
import { partitionOf } from "@holdfast/domain/Partition"
import type { ReservationAnswer } from "@holdfast/domain/Reservation"
import type { ReservationGroup } from "@holdfast/domain/ReservationGroup"
import { Context, Effect, Layer } from "effect"
import { busyRetryMillis, lineRetriesMax } from "./EngineLimit.ts"
import { GroupRegister } from "./GroupRegister.ts"
import { GroupSteps } from "./GroupSteps.ts"
import type { LineMessage, PartOfRequest } from "./SkuActor.ts"
import { StockOwnership } from "./StockOwnership.ts"

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** A sweep is nobody's request. */
const sweep: LineMessage["cause"] = { source: "clock", id: "sweep" }

const make = Effect.gen(function* () {
  const ownership = yield* StockOwnership
  const register = yield* GroupRegister
  const reached = yield* GroupSteps

  const askOne = (
    sku: string,
    request: LineRequest,
    part: PartOfRequest | undefined
  ): Promise<ReservationAnswer | undefined> =>
    new Promise((resolve) => {
      const cause = part === undefined ? sweep : { source: "request", id: part.key }
      const message: LineMessage = { kind: "line", sku, request, cause, part, reply: resolve }
      if (ownership.get(partitionOf(sku))?.offer(message) !== true) resolve(undefined)
    })

  /** Asks the lines to hold. Those that nobody answers for are asked again for a while. */
  const hold = async (group: ReservationGroup, part: PartOfRequest): Promise<LineAnswers> => {
    const requests = holdRequests(group)
    const answers: Array<ReservationAnswer | undefined> = requests.map(() => undefined)
    const ask = async (line: number): Promise<void> => {
      const wait = reached("ask a line", group.id)
      if (wait !== undefined) await wait
      answers[line] = await askOne(group.lines[line]!.sku, requests[line]!, part)
    }
    for (let retries = 0; ; retries++) {
      const open = [...answers.keys()].filter((line) => answers[line] === undefined)
      await Promise.all(open.map(ask))
      if (!answers.includes(undefined) || isDenied(group, answers) || retries === lineRetriesMax) return answers
      await pause(busyRetryMillis)
    }
  }

  /** Tells the lines how the group stands. @returns whether all have heard */
  const tell = async (group: ReservationGroup, part: PartOfRequest | undefined): Promise<boolean> => {
    const skuOf = new Map(holdRequests(group).map(({ reservationId }, line) => [reservationId, group.lines[line]!.sku]))
    const tellOne = async (request: LineRequest): Promise<boolean> => {
      const wait = reached("tell a line", group.id)
      if (wait !== undefined) await wait
      return hasHeard(await askOne(skuOf.get(request.reservationId)!, request, part))
    }
    const heard = await Promise.all(followUps(group).map(tellOne))
    return heard.every(Boolean)
  }

  /**
   * Tells the lines how the group ended, and notes that they know.
   * @returns the group with nothing left to do, or undefined when a line did not hear or another one wrote to the group.
   * Rejects with what postgres.js threw.
   */
  const settle = async (
    group: ReservationGroup,
    part: PartOfRequest | undefined
  ): Promise<ReservationGroup | undefined> => {
    if (!(await tell(group, part))) return undefined
    const wait = reached("settle", group.id)
    if (wait !== undefined) await wait
    const change = settled(group)
    return (await register.write(change)) ? change.group : undefined
  }

  return { hold, tell, settle }
})

export class GroupLines extends Context.Service<GroupLines, Effect.Success<typeof make>>()(
  "@holdfast/engine/GroupLines"
) {
  static readonly layer = Layer.effect(GroupLines, make)
}
