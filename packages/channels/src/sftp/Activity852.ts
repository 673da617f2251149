/**
 * Events out of X12 852 (Product Activity Data): what a partner sold, received and has of our goods, per item and place.
 *
 * 1. `QS` was sold: an order, placed and shipped at once, so that it counts as demand of this channel and takes from what is on hand. Less than
 *    none came back on balance: an adjustment.
 * 2. `QR` was received and can be sold, `QU` came back from customers and is to be inspected, `QT` adjusts.
 * 3. `QA` is there: a count, at the end of the period and after the movements that it contains.
 * 4. Other known codes are plans and balances, and no facts: they become nothing. A code that nobody knows is parked.
 *
 * Guarantee: pure; ids are made of the sender, ISA13, ST02 and the number of the segment in its set. Places are our locations by the code in N104, or in
 * SDQ. It fits stock that our ledger keeps: a partner's own goods are none of it.
 */
import type { ToldEvent } from "../inbound/InboundCall.ts"
import { type FileContent, objectionTo, unreadable } from "./FileEvents.ts"
import { type ReadSegment, readX12, type TransactionSet } from "./X12Reader.ts"

/** Levels wished for, orders, forecasts, balances of a period: what did not happen to stock. */
const noFacts: ReadonlySet<string> = new Set(["QB", "QC", "QD", "QE", "QF", "QH", "QI", "QL", "QM", "QO", "QP", "QX"])

/** N101 of the places that goods are at. */
const places: ReadonlySet<string> = new Set(["ST", "WH", "SN", "LO", "IS"])

/** One quantity of one item at one place. */
interface Activity {
  readonly code: string
  readonly sku: string
  readonly quantity: number
  readonly locationId: string | undefined
  /** of its event */
  readonly id: string
}

/** Times of a set's events, RFC 3339. */
interface Period {
  /** of what moved */
  readonly moved: string
  /** of what was counted */
  readonly counted: string
}

const millisOf = (date: string | undefined, time: string): number => {
  const parts = /^(\d{4})(\d{2})(\d{2})$/.exec(date ?? "")
  return parts === null ? Number.NaN : Date.parse(`${parts[1]}-${parts[2]}-${parts[3]}T${time}Z`)
}

/** GS04 and GS05, when it was written. */
const writtenAt = ([, , , , date, time = ""]: ReadonlyArray<string>): number =>
  millisOf(date, `${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6) || "00"}`)

/** The period ends with its last day, UTC, or when the set was written. */
const periodOf = ({ gs, segments }: TransactionSet): Period | undefined => {
  const xq = segments.find(({ tag }) => tag === "XQ")?.elements
  const lastDay = millisOf(xq?.[3] || xq?.[2], "23:59:59")
  const written = writtenAt(gs)
  const end = Number.isNaN(written) ? lastDay : Number.isNaN(lastDay) ? written : Math.min(lastDay, written)
  if (Number.isNaN(end)) return undefined
  return { moved: new Date(end - 1000).toISOString(), counted: new Date(end).toISOString() }
}

type Told = Omit<ToldEvent, "id">

const sold = (
  { sku, quantity, locationId, id }: Activity,
  { moved: time }: Period,
  channel: string
): ReadonlyArray<Told> => {
  const place = locationId === undefined ? {} : { locationId }
  const orderId = `${channel}-${id}`
  return [
    { type: "order.placed", time, data: { orderId, channel, lines: [{ sku, quantity, ...place }] } },
    { type: "shipment.confirmed", time, data: { shipmentId: orderId, orderId, ...place, lines: [{ sku, quantity }] } }
  ]
}

const moved = (type: string, { sku, quantity, locationId, id }: Activity, time: string, head: object): Told => ({
  type,
  time,
  data: {
    ...head,
    reference: id,
    lines: [
      {
        sku,
        ...(type === "stock.adjusted" ? { delta: quantity } : { quantity }),
        ...(locationId === undefined ? {} : { locationId })
      }
    ]
  }
})

/** What happened; nothing: none of it, or nothing at all. Undefined: nobody knows the code. */
const factsOf = (activity: Activity, period: Period, channel: string): ReadonlyArray<Told> | undefined => {
  const { code, quantity } = activity
  if (code === "QA") return [moved("count.cycle", activity, period.counted, { countedAt: period.counted })]
  if (noFacts.has(code)) return []
  if (!["QS", "QR", "QU", "QT"].includes(code)) return undefined
  if (quantity === 0) return []
  if (code === "QT") return [moved("stock.adjusted", activity, period.moved, { reason: "852 QT" })]
  if (code === "QS" && quantity < 0)
    return [
      moved("stock.adjusted", { ...activity, quantity: -quantity }, period.moved, {
        reason: "852 QS: more came back than was sold"
      })
    ]
  if (code === "QS") return sold(activity, period, channel)
  if (code === "QU") return [moved("return.received", activity, period.moved, {})]
  return [moved("goods.received", activity, period.moved, { putaway: "done" })]
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
    const { isa, st, segments } = this.set
    const id = `${isa[6]!.trim()}-${isa[13]}-${st[2]}-${segment.number - segments[0]!.number + 2}${suffix}`
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
export const activity852 = (file: FileContent, channel: string, qualifier: string): ReadonlyArray<ToldEvent> => {
  const { sets, faults } = readX12(Buffer.from(file.bytes).toString("utf8"))
  const told: Array<ToldEvent> = faults.map(({ segment, text, detail }) =>
    unreadable(file, `segment ${segment}`, text, detail)
  )
  for (const set of sets) {
    const kind = set.st[1]
    if (kind !== "852") {
      const text = [set.st, ...set.segments.map(({ elements }) => elements)].map((each) => each.join("*")).join("\n")
      told.push(
        unreadable(file, `segment ${(set.segments[0]?.number ?? 2) - 1}`, text, `ST01 is ${kind}, and 852 is read`)
      )
      continue
    }
    const reading = new SetReading(file, set, channel, qualifier)
    reading.read()
    told.push(...reading.told)
  }
  return told
}
