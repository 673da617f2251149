/**
 * Identify critical channels and decide acceptable latency for each. Pure.
 *
 * A channel is critical when it is told of every change at once (`realtime`): then its budget must be one that a shopper would
 * notice, and its objective one that is worth the name.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { defaultLocation } from "@holdfast/domain/Identity"
import { spanText } from "../terminal/TerminalText.ts"
import { listed, missing, note, ok, type ChecklistPoint, type Finding } from "./Finding.ts"

/** Milliseconds. A real-time channel that may be a minute late sells what is gone: then it had better have a larger buffer. */
export const looseBudgetMillis = 60_000

/** One change in twenty that is late is no promise. */
export const looseObjective = 0.95

/** What a real-time channel is to be given, when nobody knows better: as the marketplace of the demo. */
const budgetAdvised = 5_000
const objectiveAdvised = 0.99

export interface ChannelFacts {
  readonly channels: ReadonlyArray<ChannelDefinition>
  readonly registeredLocations: ReadonlySet<string>
  /** where stock is kept, and nobody registered */
  readonly unregisteredLocations: ReadonlyArray<string>
}

const latencyFinding = ({ id, timing, budgetMillis, objective }: ChannelDefinition): Finding => {
  const share = `${Math.round(objective * 10_000) / 100} %`
  const promise = `${id}: ${timing.model}, ${share} of changes are to be there within ${promiseText(budgetMillis)}`
  if (timing.model !== "realtime") return ok(promise)
  if (budgetMillis > looseBudgetMillis)
    return missing(
      `${promise}: too long for a critical channel`,
      `holdfast channel set-budget ${id} --budget ${budgetAdvised / 1_000}s`
    )
  if (objective < looseObjective)
    return missing(
      `${promise}: too few for a critical channel`,
      `holdfast channel set-budget ${id} --objective ${objectiveAdvised}`
    )
  return ok(promise)
}

const promiseText = (millis: number): string => (millis < 1_000 ? `${millis} ms` : spanText(millis))

const registering = (ids: ReadonlyArray<string>): ReadonlyArray<string> => [
  "write locations.csv, and: holdfast locations apply locations.csv",
  "id,name",
  ...ids.map((id) => `${id},${id}`)
]

const locationFindings = ({
  channels,
  registeredLocations,
  unregisteredLocations
}: ChannelFacts): ReadonlyArray<Finding> => {
  const isUnknown = (id: string) => id !== defaultLocation && !registeredLocations.has(id)
  const sellFrom = channels.flatMap(({ id, locations = [] }) =>
    locations.filter(isUnknown).map((at) => [id, at] as const)
  )
  const keptAt = unregisteredLocations.filter(isUnknown)
  const ids = [...new Set([...sellFrom.map(([, at]) => at), ...keptAt])]
  if (ids.length === 0) return []
  const texts = [
    ...sellFrom.map(([channel, at]) => `${channel} sells from ${at}`),
    ...(keptAt.length > 0 ? [`stock is kept at ${listed(keptAt)}`] : [])
  ]
  return [note(`not registered as a location, perhaps misspelled: ${listed(texts)}`, ...registering(ids.slice(0, 8)))]
}

export const channelPoint = (facts: ChannelFacts): ChecklistPoint => {
  const { channels } = facts
  const findings =
    channels.length === 0
      ? [
          missing(
            "no channel is configured: nobody is told of anything",
            "write a channel file (README of packages/channels shows one), and: holdfast channel apply channels.json"
          )
        ]
      : channels.map(latencyFinding)
  return {
    name: "Critical channels are known, and what latency is acceptable for each",
    findings: [...findings, ...locationFindings(facts)]
  }
}
