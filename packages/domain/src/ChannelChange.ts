/**
 * What a change of a channel changes, and what is to be said of it before it is made.
 *
 * Guarantee: pure. A definition that decodes is never refused here: advice is for people.
 */
import type { ChannelDefinition, Operation } from "./Channel.ts"
import { longestGap } from "./Schedule.ts"

/** A channel as it is to run. */
export interface ChannelSetting {
  readonly definition: ChannelDefinition
  readonly operation: Operation
}

/** One field that differs; undefined where it is absent. */
export interface ChangedField {
  /** such as `timing` or `rate` */
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

/** The same value with the keys of its objects in one order: a database keeps its own. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)])
  )
}

/** @param before undefined: the channel is new */
export const changedFields = (
  before: ChannelSetting | undefined,
  after: ChannelSetting
): ReadonlyArray<ChangedField> => {
  const was: Record<string, unknown> = before === undefined ? {} : { ...before.definition, operation: before.operation }
  const is: Record<string, unknown> = { ...after.definition, operation: after.operation }
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((field) => !isSame(was[field], is[field]))
    .map((field) => ({ field, before: was[field], after: is[field] }))
}

/** Whether the channel is to be reached otherwise: then calls go through another connector. */
export const isReachedAlike = (a: ChannelDefinition, b: ChannelDefinition): boolean =>
  a.connector === b.connector &&
  a.endpoint === b.endpoint &&
  a.secretEnv === b.secretEnv &&
  isSame(a.shopify, b.shopify) &&
  isSame(a.sftp, b.sftp) &&
  isSame(a.vendure, b.vendure) &&
  isSame(a.amazon, b.amazon) &&
  a.timeoutMillis === b.timeoutMillis &&
  a.rate.concurrency === b.rate.concurrency

const millisText = (millis: number): string => (millis % 1_000 === 0 ? `${millis / 1_000} s` : `${millis} ms`)

/**
 * What will not do what its writer expects, in words.
 * @param now milliseconds since the epoch: from when a schedule is looked at
 */
export const adviceOn = ({ timing, budgetMillis }: ChannelDefinition, now: number): ReadonlyArray<string> => {
  if (timing.model === "nearRealtime" && budgetMillis <= timing.windowMillis)
    return [
      `a change may wait ${millisText(timing.windowMillis)} for its window, and is late after ${millisText(budgetMillis)}`
    ]
  if (timing.model !== "scheduled") return []
  const gap = longestGap(timing, now)
  return budgetMillis > gap
    ? []
    : [`a change may wait ${millisText(gap)} for the next run, and is late after ${millisText(budgetMillis)}`]
}
