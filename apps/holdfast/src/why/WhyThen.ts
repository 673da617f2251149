/**
 * Why a channel showed what it showed at an earlier time, and whether that was what it should have shown.
 *
 * Guarantee: the number is reckoned anew from the levels and the rules of then, and compared with the one that was confirmed:
 * where they differ it says so, where something is not kept it says nothing. Pure.
 */
import type { AnnouncedTerms } from "@holdfast/domain/SkuTerms"
import type { LevelUnits } from "@holdfast/domain/StockState"
import type { ListingThen, StockThen } from "@holdfast/ledger/ListingThen"
import type { UnitsChange } from "@holdfast/ledger/SkuVersions"
import { isReckoned, reckon, type ChannelPolicy, type Reckoning } from "./Reckoning.ts"

/** Times are milliseconds since the epoch. */
export interface Behind {
  /** units that it should have shown, from `version` */
  readonly quantity: number
  readonly version: number
  readonly since: number
  /** it may have been longer: not all changes since were looked at */
  readonly isLeast: boolean
}

export interface WhyThen {
  /** units that were shown; null: not known */
  readonly quantity: number | null
  /** since when, as far as the answers that were read tell; null where that is not kept */
  readonly since: number | null
  /** how the number came about; null where the levels of then are not kept */
  readonly reckoning: Reckoning | null
  /** the rules that it is reckoned by, and since when they were in force; null: not stored, those of now are taken */
  readonly rules: ChannelPolicy
  readonly rulesSince: number | null
  /** the reckoning gives the number that was shown; null where one of them is not known */
  readonly agrees: boolean | null
  /** what led to the push: the commit of its version, or a later change of the rules; null where it is not kept */
  readonly cause: { readonly what: "change" | "rules"; readonly at: number } | null
  /** null: it showed what it should, or that is not known */
  readonly behind: Behind | null
}

/** The levels before a change. */
const without = (levels: ReadonlyArray<LevelUnits>, change: UnitsChange): ReadonlyArray<LevelUnits> =>
  levels.map((level) =>
    level.locationId !== change.locationId
      ? level
      : {
          locationId: level.locationId,
          onHand: level.onHand - change.onHand,
          receiving: level.receiving - change.receiving,
          inspection: level.inspection - change.inspection,
          damaged: level.damaged - change.damaged,
          quality: level.quality - change.quality,
          committed: level.committed - change.committed,
          held: level.held - change.held,
          incoming: level.incoming - change.incoming,
          inTransit: level.inTransit - change.inTransit,
          safetyStock: level.safetyStock - change.safetyStock
        }
  )

/**
 * When the quantity became what it is after the newest of the changes; undefined: before all of them.
 *
 * @param changes newest first; those of one commit became visible at once
 */
const becameAt = (
  policy: ChannelPolicy,
  newest: ReadonlyArray<LevelUnits>,
  changes: ReadonlyArray<UnitsChange>,
  basis: AnnouncedTerms | undefined
): number | undefined => {
  // before the oldest change that says otherwise, the terms are those of what was shown
  const termsAfter = (i: number) => changes.slice(i).find(({ terms }) => terms !== null)?.terms ?? basis
  const { publishable } = reckon(policy, newest, termsAfter(0))
  let levels = newest
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i]!
    levels = without(levels, change)
    if (changes[i + 1]?.committedAt === change.committedAt) continue
    if (reckon(policy, levels, termsAfter(i + 1)).publishable !== publishable) return change.committedAt
  }
  return undefined
}

const behindOf = (then: ListingThen, shown: number, newest: StockThen, otherwise: ChannelPolicy): Behind | null => {
  const { levels, version, rules } = newest
  if (levels === null || then.basis === null || version < then.basis.version) return null
  const policy = rules?.rules ?? otherwise
  const reckoning = reckon(policy, levels, newest.terms)
  const { publishable } = reckoning
  if (isReckoned(reckoning, shown)) return null
  const became = becameAt(policy, levels, then.since, then.basis.terms)
  const found = then.shown?.outcome === "found" ? then.shown.answeredAt : 0
  const since = Math.max(became ?? then.since.at(-1)?.committedAt ?? 0, rules?.since ?? 0, found)
  return { quantity: publishable, version, since, isLeast: became === undefined && !then.isWhole }
}

/** Since when the last answers say the same. */
const shownSince = ({ shown, told }: ListingThen): number | null => {
  if (shown === null) return null
  let since = shown.answeredAt
  for (const entry of told.toReversed()) {
    if (entry.answeredAt > shown.answeredAt || entry.outcome === "rejected") continue
    if (entry.quantity !== shown.quantity) break
    since = entry.answeredAt
    if (entry.lost > 0) break
  }
  return since
}

const causeOf = ({ shown }: ListingThen, basis: StockThen | null): WhyThen["cause"] => {
  if (shown === null || shown.outcome === "found" || basis === null || basis.committedAt === null) return null
  const { committedAt, rules } = basis
  if (rules !== null && rules.since > committedAt) return { what: "rules", at: rules.since }
  return { what: "change", at: committedAt }
}

/** @param rulesNow taken where those of then are not stored */
export const whyThen = (then: ListingThen, rulesNow: ChannelPolicy): WhyThen => {
  const { basis, newest } = then
  const quantity = then.shown?.quantity ?? then.shownBefore?.quantity ?? null
  const rules = basis?.rules?.rules ?? rulesNow
  const reckoning = basis === null || basis.levels === null ? null : reckon(rules, basis.levels, basis.terms)
  return {
    quantity,
    since: shownSince(then),
    reckoning,
    rules,
    rulesSince: basis?.rules?.since ?? null,
    agrees: quantity === null || reckoning === null ? null : isReckoned(reckoning, quantity),
    cause: causeOf(then, basis),
    behind: quantity === null || newest === null ? null : behindOf(then, quantity, newest, rulesNow)
  }
}
