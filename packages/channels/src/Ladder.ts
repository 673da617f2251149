/**
 * What is given up, step by step, when deadlines of a channel are at risk: which rung of the ladder it stands on.
 *
 * Guarantee: pure. One rung at a time, up and down; each is held for a while, and longer each time that it was left too early, so that
 * a steady overload does not make it flap. It does not do what a rung says: `OutputCore` does.
 */
import {
  ladderAgainTimes,
  ladderClimbLoad,
  ladderLeaveLoad,
  ladderLeaveTimes,
  ladderPatienceMax,
  ladderSlots
} from "./ChannelLimit.ts"

/**
 * From the bottom; each includes those below it. `largerBatches`: calls wait to be full. `onlyRisky`: what risks nothing waits behind
 * what does. `widerBuffer`: less is shown. `stopRaising`: only falls are told. `alert`: all that did not help.
 */
export const rungs = ["none", "largerBatches", "onlyRisky", "widerBuffer", "stopRaising", "alert"] as const
export type Rung = (typeof rungs)[number]

export const isAtLeast = (rung: Rung, least: Rung): boolean => rungs.indexOf(rung) >= rungs.indexOf(least)

/** Times are milliseconds since the epoch. */
export interface LadderState {
  readonly rung: Rung
  /** since when it stands there */
  readonly since: number
  /** since when deadlines are at risk, or none is; neither in between */
  readonly riskySince?: number | undefined
  readonly calmSince?: number | undefined
  /** when a rung was last left downwards */
  readonly leftAt?: number | undefined
  /** how many times longer than usual a rung is kept */
  readonly patience: number
}

export const ladderFoot = (now: number): LadderState => ({ rung: "none", since: now, patience: 1 })

const moved = (state: LadderState, steps: 1 | -1, now: number): LadderState => ({
  ...state,
  rung: rungs[rungs.indexOf(state.rung) + steps]!,
  since: now
})

/** What is due beside what the channel admits until then: of everything, and of all but raises. */
export interface Loads {
  readonly all: number
  readonly falls: number
}

/** Rungs that are for falls alone: a late raise oversells nothing, and those that were held would climb them again. */
const loadFor = ({ all, falls }: Loads, rung: Rung): number => (isAtLeast(rung, "widerBuffer") ? falls : all)

/** @param climbMillis how long deadlines are at risk before the next rung is climbed */
export const nextRung = (state: LadderState, loads: Loads, now: number, climbMillis: number): LadderState => {
  const next = rungs[Math.min(rungs.length - 1, rungs.indexOf(state.rung) + 1)]!
  if (loadFor(loads, next) > ladderClimbLoad) return climbed(state, now, climbMillis)
  if (loadFor(loads, state.rung) < ladderLeaveLoad) return left(state, now, climbMillis)
  return { ...state, riskySince: undefined, calmSince: undefined }
}

const climbed = (state: LadderState, now: number, climbMillis: number): LadderState => {
  const { leftAt, patience, riskySince = now, rung, since } = state
  const risky = { ...state, riskySince, calmSince: undefined }
  if (rung === "alert" || now - Math.max(since, riskySince) < climbMillis) return risky
  const isAgain = leftAt !== undefined && now - leftAt < ladderAgainTimes * ladderLeaveTimes * patience * climbMillis
  // one overload that climbs several rungs again was left too early once
  if (!isAgain) return moved(risky, 1, now)
  return { ...moved(risky, 1, now), leftAt: undefined, patience: Math.min(ladderPatienceMax, 2 * patience) }
}

const left = (state: LadderState, now: number, climbMillis: number): LadderState => {
  const { calmSince = now, patience, rung, since } = state
  const calm = { ...state, riskySince: undefined, calmSince }
  const millis = ladderLeaveTimes * patience * climbMillis
  if (now - Math.max(since, calmSince) < millis) return calm
  if (rung === "none") return now - since < ladderAgainTimes * millis ? calm : { ...calm, patience: 1 }
  return { ...moved(calm, -1, now), leftAt: now }
}

export interface Due {
  /** milliseconds since the epoch */
  readonly deadlines: Iterable<number>
  readonly now: number
  readonly budgetMillis: number
  /** listings that the channel admits */
  readonly perSecond: number
}

/**
 * What is due at some time, divided by what the channel can be told until then, at the time at which that is most. Above 1 a
 * deadline will be missed in whatever order.
 */
export const deadlineLoad = ({ deadlines, now, budgetMillis, perSecond }: Due): number => {
  const dueIn = new Array<number>(ladderSlots).fill(0)
  const slotMillis = budgetMillis / ladderSlots
  for (const deadline of deadlines) {
    const slot = Math.floor((deadline - now) / slotMillis)
    dueIn[Math.min(ladderSlots - 1, Math.max(0, slot))]! += 1
  }
  let due = 0
  let load = 0
  for (let slot = 0; slot < ladderSlots; slot++) {
    due += dueIn[slot]!
    // one listing alone is told by one call, however rare these are
    const told = Math.max(1, (perSecond * (slot + 1) * slotMillis) / 1_000)
    load = Math.max(load, due / told)
  }
  return load
}
