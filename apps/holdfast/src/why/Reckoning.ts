/**
 * How the quantity that a channel is told comes about, step by step.
 *
 * Guarantee: the last step is what `Publishable` says, which alone decides; the steps before explain it. Pure.
 */
import { announcedLevel, type BundlePart } from "@holdfast/domain/Availability"
import { bundleStock } from "@holdfast/domain/BundleAvailability"
import { bundleSaleable } from "@holdfast/domain/BundleSaleable"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { publishable, shownOf } from "@holdfast/domain/Publishable"
import { saleable, type Saleable } from "@holdfast/domain/Saleable"
import type { AnnouncedTerms } from "@holdfast/domain/SkuTerms"
import type { LevelUnits } from "@holdfast/domain/StockState"
import { oneLine } from "../terminal/TerminalText.ts"

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

/** Steps that are undefined, or change nothing, are left out. */
const changing = (
  before: number,
  steps: ReadonlyArray<{ readonly what: string; readonly units: number | undefined }>
): ReadonlyArray<ReckoningStep> => {
  let last = before
  return steps.flatMap(({ what, units }) => {
    if (units === undefined || units === last) return []
    last = units
    return [{ what, units }]
  })
}

const beyond = "with what may be promised beyond what is there"

/** What the SKU's terms of sale leave to the channel, where they say anything that changes it. */
const termSteps = ({ available, unfenced, allowed, inQuota }: Saleable): ReadonlyArray<ReckoningStep> =>
  changing(available, [
    { what: "not what is kept for other channels", units: unfenced },
    { what: beyond, units: allowed },
    { what: "not more than is left of its quota", units: inQuota }
  ])

const where = ({ locations }: ChannelPolicy): string =>
  locations === undefined ? "at all locations" : "where it sells from"

/** @param levels of the SKU at all its locations */
export const reckon = (
  policy: ChannelPolicy,
  levels: ReadonlyArray<LevelUnits>,
  terms: AnnouncedTerms | undefined
): Reckoning => {
  const stock = { levels: levels.map(announcedLevel), ...(terms === undefined ? {} : { terms }) }
  const sale = saleable(policy, stock)
  const steps = [
    { what: `available ${where(policy)}`, units: sale.available },
    ...termSteps(sale),
    ...limitsOf(policy, sale.units)
  ]
  return reckoned(policy, steps, publishable(policy, stock), sale.units)
}

/** @param units that are saleable to the channel */
const reckoned = (
  policy: ChannelPolicy,
  steps: ReadonlyArray<ReckoningStep>,
  most: number,
  units: number
): Reckoning => {
  if (policy.lagBuffer === undefined) return { steps, publishable: most }
  return { steps, publishable: most, least: shownOf(policy, units, policy.lagBuffer.cap) }
}

/** @param parts what the bundle is made of */
export const reckonBundle = (policy: ChannelPolicy, parts: ReadonlyArray<BundlePart>): Reckoning => {
  const stock = bundleStock(parts)
  const { available, allowed, limits, units } = bundleSaleable(policy, stock.levels, parts)
  let least = allowed ?? available
  const limiting = limits.map((limit) => ({
    what: `not more than the terms of ${oneLine(limit.sku)} leave`,
    units: (least = Math.min(least, limit.units))
  }))
  const steps = [
    { what: `available ${where(policy)}`, units: available },
    ...changing(available, [{ what: beyond, units: allowed }, ...limiting]),
    ...limitsOf(policy, units)
  ]
  return reckoned(policy, steps, publishable(policy, stock), units)
}
