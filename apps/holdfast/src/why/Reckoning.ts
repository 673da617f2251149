/**
 * How the quantity that a channel is told comes about, step by step.
 *
 * Guarantee: the last step is what `Publishable` says, which alone decides; the steps before explain it. Pure.
 */
import { announcedLevel } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { publishable, saleable, shownOf, type Saleable } from "@holdfast/domain/Publishable"
import type { AnnouncedTerms } from "@holdfast/domain/SkuTerms"
import type { LevelUnits } from "@holdfast/domain/StockState"

export type ChannelPolicy = Pick<ChannelDefinition, "id" | "buffer" | "lagBuffer" | "cap" | "locations" | "threshold">

export interface ReckoningStep {
  readonly what: string
  /** units after this step */
  readonly units: number
}

export interface Reckoning {
  readonly steps: ReadonlyArray<ReckoningStep>
  readonly publishable: number
  /** of a channel with a lag buffer: the fewest that it is told. What is kept at a time is known to its running stream alone */
  readonly least?: number
}

/** Whether a channel that is told this shows what it should, as far as the reckoning can tell. */
export const isReckoned = ({ least, publishable }: Reckoning, quantity: number): boolean =>
  quantity <= publishable && quantity >= (least ?? publishable)

/** Whether the channel sells from there. */
export const sellsFrom = ({ locations }: ChannelPolicy, { locationId }: LevelUnits): boolean =>
  locations === undefined || locations.includes(locationId)

const limitsOf = (policy: ChannelPolicy, available: number): ReadonlyArray<ReckoningStep> => {
  const { threshold, buffer, cap } = policy
  if (threshold !== undefined && available <= threshold)
    return [{ what: `none is shown at or below its threshold of ${threshold}`, units: 0 }]
  const steps: Array<ReckoningStep> = []
  let units = available
  if (buffer > 0) steps.push({ what: `less its buffer of ${buffer}`, units: (units -= buffer) })
  if (cap !== undefined && units > cap) steps.push({ what: `not more than its cap of ${cap}`, units: (units = cap) })
  if (units < 0) steps.push({ what: "never less than none", units: 0 })
  return steps
}

/** What the SKU's terms of sale leave to the channel, where they say anything that changes it. */
const termSteps = ({ available, unfenced, allowed, inQuota }: Saleable): ReadonlyArray<ReckoningStep> => {
  const steps = [
    { what: "not what is kept for other channels", units: unfenced },
    { what: "with what may be promised beyond what is there", units: allowed },
    { what: "not more than is left of its quota", units: inQuota }
  ]
  let before = available
  return steps.flatMap(({ what, units }) => {
    if (units === undefined || units === before) return []
    before = units
    return [{ what, units }]
  })
}

/** @param levels of the SKU at all its locations */
export const reckon = (
  policy: ChannelPolicy,
  levels: ReadonlyArray<LevelUnits>,
  terms: AnnouncedTerms | undefined
): Reckoning => {
  const stock = { levels: levels.map(announcedLevel), ...(terms === undefined ? {} : { terms }) }
  const sale = saleable(policy, stock)
  const where = policy.locations === undefined ? "at all locations" : "where it sells from"
  const steps = [
    { what: `available ${where}`, units: sale.available },
    ...termSteps(sale),
    ...limitsOf(policy, sale.units)
  ]
  const most = publishable(policy, stock)
  if (policy.lagBuffer === undefined) return { steps, publishable: most }
  return { steps, publishable: most, least: shownOf(policy, sale.units, policy.lagBuffer.cap) }
}
