/**
 * Events out of one set of X12 852 (Product Activity Data): what a partner sold, received and has of our goods, per item and place.
 *
 * Guarantee: pure; ids are made of the sender, ISA13, ST02 and the number of the segment in its set. A segment that is no event is named, and harms
 * no other. Places are our locations by the code in N104, or in SDQ. It fits stock that our ledger keeps: a partner's own goods are none of it.
 */
import type { ToldEvent } from "../inbound/InboundCall.ts"
import { factsOf, noFacts, type Period } from "./ActivityFacts.ts"
import { type FileContent, objectionTo, unreadable } from "./FileEvents.ts"
import type { ReadSegment, TransactionSet } from "./X12Reader.ts"
import { millisOf, writtenAt } from "./X12Text.ts"

/** N101 of the places that goods are at. */
const places: ReadonlySet<string> = new Set(["ST", "WH", "SN", "LO", "IS"])

/** The period ends with its last day, UTC, or when the set was written. */
const periodOf = ({ gs, segments }: TransactionSet): Period | undefined => {
  const xq = segments.find(({ tag }) => tag === "XQ")?.elements
  const lastDay = millisOf(xq?.[3] || xq?.[2], "23:59:59")
  const written = writtenAt(gs)
  const end = Number.isNaN(written) ? lastDay : Number.isNaN(lastDay) ? written : Math.min(lastDay, written)
  if (Number.isNaN(end)) return undefined
  return { moved: new Date(end - 1000).toISOString(), counted: new Date(end).toISOString() }
}

/** Where the reading of a set is. */
interface Place {
  readonly sku: string | undefined
  readonly locationId: string | undefined
}

/** The name of the item that has this qualifier: pairs begin with LIN02. */
const nameIn = ({ elements }: ReadSegment, qualifier: string): string | undefined => {
  for (let i = 2; i < elements.length; i += 2) if (elements[i] === qualifier) return elements[i + 1]
  return undefined
}

/** Pairs of a place and a quantity, from SDQ03. */
const pairsOf = ({ elements }: ReadSegment): ReadonlyArray<readonly [place: string, quantity: string]> => {
  const pairs: Array<readonly [string, string]> = []
  for (let i = 3; i + 1 < elements.length; i += 2) pairs.push([elements[i]!, elements[i + 1]!])
  return pairs
}

const wholeOf = (text: string | undefined): number | undefined =>
  /^-?\d{1,9}(\.0*)?$/.test(text ?? "") ? Number(text) : undefined

class SetReading {
  readonly told: Array<ToldEvent> = []
  private readonly file: FileContent
  private readonly set: TransactionSet
  private readonly channel: string
  private readonly qualifier: string
  private readonly period: Period | undefined
  private place: Place = { sku: undefined, locationId: undefined }

  constructor(file: FileContent, set: TransactionSet, channel: string, qualifier: string) {
    this.file = file
    this.set = set
    this.channel = channel
    this.qualifier = qualifier
    this.period = periodOf(set)
  }

  read(): void {
    const { segments } = this.set
    segments.forEach((segment, i) => {
      const { tag, elements } = segment
      if (tag === "N1" && places.has(elements[1] ?? "")) this.place = { ...this.place, locationId: elements[4] }
      if (tag === "LIN") this.place = { ...this.place, sku: nameIn(segment, this.qualifier) }
      if (tag === "ZA") this.activity(segment, this.shares(i))
    })
  }

  /** SDQ segments that follow a ZA say how it is shared between places. */
  private shares(i: number): ReadonlyArray<ReadSegment> {
    const { segments } = this.set
    let end = i + 1
    while (segments[end]?.tag === "SDQ") end += 1
    return segments.slice(i + 1, end)
  }

  private activity(za: ReadSegment, shares: ReadonlyArray<ReadSegment>): void {
    const [, code = "", total] = za.elements
    if (shares.length === 0) return this.one(za, code, total, this.place.locationId, "")
    for (const share of shares)
      pairsOf(share).forEach(([place, quantity], i) => this.one(share, code, quantity, place, `-${i + 1}`))
  }

  private one(
    segment: ReadSegment,
    code: string,
    quantity: string | undefined,
    locationId: string | undefined,
    suffix: string
  ): void {
    if (noFacts.has(code)) return
    const { sku } = this.place
    const units = wholeOf(quantity)
    const { isa, st, number } = this.set
    const id = `${isa[6]!.trim()}-${isa[13]}-${st[2]}-${segment.number - number + 1}${suffix}`
    const bad = (detail: string) => this.bad(segment, suffix, detail)
    if (this.period === undefined) return bad("XQ and GS name no date")
    if (sku === undefined) return bad(`LIN names no item with qualifier ${this.qualifier}`)
    if (units === undefined) return bad(`quantity must be a whole number, got ${quantity ?? "none"}`)
    const facts = factsOf({ code, sku, quantity: units, locationId, id }, this.period, this.channel)
    if (facts === undefined) return bad(`activity code ${code} is not known`)
    const events = facts.map((fact) => ({ ...fact, id: `${id}:${fact.type}` }))
    const objection = events.map((event) => objectionTo(event, this.channel)).find((each) => each !== undefined)
    if (objection === undefined) this.told.push(...events)
    else bad(objection)
  }

  private bad({ number, elements }: ReadSegment, suffix: string, detail: string): void {
    this.told.push(unreadable(this.file, `segment ${number}${suffix}`, elements.join("*"), detail))
  }
}

/** @param qualifier which of LIN's names is our SKU */
export const activity852 = (
  file: FileContent,
  set: TransactionSet,
  channel: string,
  qualifier: string
): ReadonlyArray<ToldEvent> => {
  const reading = new SetReading(file, set, channel, qualifier)
  reading.read()
  return reading.told
}
