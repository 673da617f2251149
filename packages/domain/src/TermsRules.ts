/**
 * What facts about terms of sale do: which words hold is decided by `SkuTerms`.
 *
 * Guarantee: each fact leaves one change, which moves no units, at the first location of the SKU; it says how the terms stand
 * afterwards, and by how much an allowance heals or raises what is oversold. Pure; the draft is changed.
 */
import type { Draft } from "./Draft.ts"
import type { AllotmentSet, BackorderSet } from "./StockEvent.ts"
import { noTerms, withAllotment, withBackorder } from "./SkuTerms.ts"
import type { StockState } from "./StockState.ts"

const heldBy = (state: StockState, draft: Draft, channel: string): number => {
  let units = 0
  for (const hold of state.holds.values())
    if (hold.channel === channel && !draft.hasEnded(hold.reservationId)) units += hold.quantity
  return units
}

/** @returns whether there was room for all channels; the draft is to be dropped when not */
export const setAllotments = (state: StockState, draft: Draft, { lines }: AllotmentSet, time: number): boolean => {
  let terms = draft.terms ?? noTerms
  for (const { channel, quota, ringFence } of lines) {
    const word = {
      channel,
      ...(quota === undefined ? {} : { quota }),
      ...(ringFence === undefined ? {} : { ringFence })
    }
    const next = withAllotment(terms, word, heldBy(state, draft, channel), time)
    if (next === undefined) return false
    terms = next
  }
  draft.setTerms(terms)
  draft.change("allotment.set", state.levels[0]!.locationId, {})
  return true
}

export const setBackorder = (state: StockState, draft: Draft, { lines }: BackorderSet, time: number): void => {
  let terms = draft.terms ?? noTerms
  for (const { sku: _, ...word } of lines) terms = withBackorder(terms, word, time)
  draft.setTerms(terms)
  draft.change("backorder.set", state.levels[0]!.locationId, {})
}
