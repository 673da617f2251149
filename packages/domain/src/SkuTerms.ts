/**
 * On what terms a SKU is sold: how much of it each channel may have or keeps for itself, and how much may be promised beyond
 * what is there.
 *
 * 1. A **quota** is the most that a channel's orders and holds may ask for; a **ring-fence** is what nobody else may have.
 * 2. The last word about each, by the event's time, holds; what is lifted is remembered, so that an older word stays older.
 * 3. `used` counts on while numbers change, and begins anew when an allotment was lifted altogether and is set again.
 *
 * Immutable and pure. What the terms allow a reservation: `GrantRules`.
 */
import type { ChannelId } from "./Identity.ts"
import { allotmentsMax } from "./Limit.ts"

/** What was said of a number, and when; `units` is null where it was lifted. Milliseconds since the epoch. */
export interface TimedTerm {
  readonly units: number | null
  readonly at: number
}

/** A channel's share of a SKU, in units. */
export interface Allotment {
  readonly channel: ChannelId
  readonly quota?: TimedTerm
  readonly ringFence?: TimedTerm
  /** what its orders ask for, shipped or not, as heard since the allotment was set; never negative */
  readonly consumed: number
  /** open holds of the channel */
  readonly held: number
}

/** How many units may be promised beyond what is there. */
export interface Backorder {
  /** 0: none */
  readonly limit: number
  readonly kind: "backorder" | "preorder"
  /** when the goods are to come, milliseconds since the epoch */
  readonly expectedAt?: number
  readonly at: number
}

export interface SkuTerms {
  readonly allotments: ReadonlyArray<Allotment>
  readonly backorder?: Backorder
}

export const noTerms: SkuTerms = { allotments: [] }

export const allotmentOf = (terms: SkuTerms | undefined, channel: string | undefined): Allotment | undefined => {
  if (terms === undefined || channel === undefined) return undefined
  return terms.allotments.find((allotment) => allotment.channel === channel)
}

/** Whether the channel has a quota or a ring-fence now. */
export const isSet = ({ quota, ringFence }: Allotment): boolean =>
  (quota?.units ?? null) !== null || (ringFence?.units ?? null) !== null

export const used = ({ consumed, held }: Allotment): number => consumed + held

/** Units that the channel's fence still keeps from others. */
export const unspentFence = (allotment: Allotment): number =>
  Math.max(0, (allotment.ringFence?.units ?? 0) - used(allotment))

/** Units that all fences but the channel's own still keep. */
export const fencedFromOthers = ({ allotments }: SkuTerms, channel: string | undefined): number => {
  let units = 0
  for (const allotment of allotments) if (allotment.channel !== channel) units += unspentFence(allotment)
  return units
}

export const backorderLimit = (terms: SkuTerms | undefined): number => terms?.backorder?.limit ?? 0

/** Of two words of one moment the larger holds, in whatever order they come. */
const laterTerm = (was: TimedTerm | undefined, units: number | null | undefined, at: number): TimedTerm | undefined => {
  if (units === undefined) return was
  if (was !== undefined && (at < was.at || (at === was.at && (units ?? -1) <= (was.units ?? -1)))) return was
  return { units, at }
}

export interface AllotmentWord {
  readonly channel: ChannelId
  /** null lifts it; absent leaves it as it is */
  readonly quota?: number | null
  readonly ringFence?: number | null
}

/** Which of the lifted is forgotten first. */
const spokenAt = ({ quota, ringFence }: Allotment): number => Math.max(quota?.at ?? 0, ringFence?.at ?? 0)

/** Makes room by forgetting the lifted allotment that was spoken of longest ago; undefined when all are in use. */
const withRoom = (allotments: ReadonlyArray<Allotment>): ReadonlyArray<Allotment> | undefined => {
  if (allotments.length < allotmentsMax) return allotments
  const [oldest] = allotments.filter((one) => !isSet(one)).sort((a, b) => spokenAt(a) - spokenAt(b))
  return oldest === undefined ? undefined : allotments.filter((one) => one !== oldest)
}

/**
 * @param held units of the channel's open holds
 * @param at milliseconds since the epoch
 * @returns undefined when there are too many channels already
 */
export const withAllotment = (terms: SkuTerms, word: AllotmentWord, held: number, at: number): SkuTerms | undefined => {
  const was = allotmentOf(terms, word.channel)
  const others = was === undefined ? withRoom(terms.allotments) : terms.allotments.filter((one) => one !== was)
  if (others === undefined) return undefined
  const quota = laterTerm(was?.quota, word.quota, at)
  const ringFence = laterTerm(was?.ringFence, word.ringFence, at)
  const counted = was !== undefined && isSet(was) ? was : { consumed: 0, held }
  const allotment: Allotment = {
    channel: word.channel,
    ...(quota === undefined ? {} : { quota }),
    ...(ringFence === undefined ? {} : { ringFence }),
    consumed: counted.consumed,
    held: counted.held
  }
  const allotments = [...others, allotment].sort((a, b) => (a.channel < b.channel ? -1 : 1))
  return { ...terms, allotments }
}

export interface BackorderWord {
  readonly limit: number
  readonly kind?: Backorder["kind"]
  readonly expectedAt?: number
}

/** @param at milliseconds since the epoch */
export const withBackorder = (terms: SkuTerms, word: BackorderWord, at: number): SkuTerms => {
  const { backorder: was } = terms
  if (was !== undefined && (at < was.at || (at === was.at && word.limit <= was.limit))) return terms
  const { limit, kind = "backorder", expectedAt } = word
  return { ...terms, backorder: { limit, kind, at, ...(expectedAt === undefined ? {} : { expectedAt }) } }
}

/** The terms after a channel's orders or holds asked for more units, or for fewer (negative). */
export const withClaim = (
  terms: SkuTerms,
  channel: string | undefined,
  claim: { readonly consumed?: number; readonly held?: number }
): SkuTerms => {
  const was = allotmentOf(terms, channel)
  const { consumed = 0, held = 0 } = claim
  if (was === undefined || !isSet(was) || (consumed === 0 && held === 0)) return terms
  // orders from before the allotment were not counted, and may be cancelled after it
  const now = { ...was, consumed: Math.max(0, was.consumed + consumed), held: was.held + held }
  return { ...terms, allotments: terms.allotments.map((one) => (one === was ? now : one)) }
}

export const encodeTerms = (terms: SkuTerms): string => JSON.stringify(terms)

/** @param text as `encodeTerms` writes it */
export const decodeTerms = (text: string): SkuTerms => JSON.parse(text) as SkuTerms

/** Terms as they are announced; absent where there are none. Units. */
export interface AnnouncedTerms {
  readonly allotments: ReadonlyArray<{
    readonly channel: string
    readonly quota?: number
    readonly ringFence?: number
    /** what the channel's orders and holds ask for */
    readonly used: number
  }>
  /** units that may be promised beyond what is there */
  readonly backorder?: number
}

export const announcedTerms = (terms: SkuTerms | undefined): AnnouncedTerms | undefined => {
  if (terms === undefined) return undefined
  const allotments = terms.allotments.filter(isSet).map((allotment) => {
    const { channel, quota, ringFence } = allotment
    return {
      channel,
      ...(typeof quota?.units === "number" ? { quota: quota.units } : {}),
      ...(typeof ringFence?.units === "number" ? { ringFence: ringFence.units } : {}),
      used: used(allotment)
    }
  })
  const backorder = backorderLimit(terms)
  if (allotments.length === 0 && backorder === 0) return undefined
  return { allotments, ...(backorder === 0 ? {} : { backorder }) }
}
