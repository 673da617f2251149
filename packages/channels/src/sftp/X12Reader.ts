/**
 * X12 text as transaction sets, each checked against its envelopes.
 *
 * Guarantee: a set is given only when its own trailer agrees with it; every other segment is named as a fault, so nothing is dropped
 * unseen. A fault harms its own set only. It does not know what a set says.
 */
import type { Separators } from "./X12Text.ts"

export interface ReadSegment {
  /** of the file, from 1 */
  readonly number: number
  readonly tag: string
  /** by their number: the tag is 0 */
  readonly elements: ReadonlyArray<string>
}

export interface SetHead {
  /** of its ST in the file, from 1 */
  readonly number: number
  readonly isa: ReadonlyArray<string>
  readonly gs: ReadonlyArray<string>
  readonly st: ReadonlyArray<string>
}

export interface TransactionSet extends SetHead {
  /** between ST and SE */
  readonly segments: ReadonlyArray<ReadSegment>
}

export interface X12Fault {
  /** number of the first segment that it is about */
  readonly segment: number
  readonly text: string
  readonly detail: string
}

export interface X12Reading {
  readonly sets: ReadonlyArray<TransactionSet>
  /** sets that are not what their trailers say: each is a fault, too */
  readonly lost: ReadonlyArray<SetHead>
  readonly faults: ReadonlyArray<X12Fault>
}

/** Characters of ISA with its end: the only segment of fixed length. */
const isaChars = 106

const separatorsAt = (text: string, at: number): Separators | undefined => {
  const isa = text.slice(at, at + isaChars)
  const element = isa[3] ?? ""
  if (isa.length < isaChars || !isa.startsWith("ISA") || isa.split(element).length !== 17) return undefined
  return { element, repetition: isa[82]!, component: isa[104]!, segment: isa[105]! }
}

interface Cut extends ReadSegment {
  readonly text: string
  /** it ends where a segment must */
  readonly isWhole: boolean
}

/** The segments from an ISA to its IEA, or to the end. @returns where the next interchange may begin */
const cutInterchange = (text: string, from: number, first: number, { element, segment }: Separators) => {
  const cuts: Array<Cut> = []
  let at = from
  while (at < text.length) {
    const end = text.indexOf(segment, at)
    const raw = text.slice(at, end < 0 ? undefined : end).replace(/^\s+/, "")
    at = end < 0 ? text.length : end + 1
    if (raw === "") continue
    const elements = raw.split(element)
    cuts.push({ number: first + cuts.length, tag: elements[0]!, elements, text: raw, isWhole: end >= 0 })
    if (elements[0] === "IEA") break
  }
  return { cuts, at }
}

interface OpenSet {
  readonly st: Cut
  readonly segments: Array<Cut>
}

/** Why a set's trailer does not agree with it; undefined: it does. */
const trailerObjection = ({ st, segments }: OpenSet, { elements, isWhole }: Cut): string | undefined => {
  const count = segments.length + 2
  if (!isWhole) return "the file ends within it"
  if (Number(elements[1]) !== count) return `SE01 says ${elements[1]} segments, there are ${count}`
  return elements[2] === st.elements[2] ? undefined : `SE02 is ${elements[2]}, ST02 ${st.elements[2]}`
}

class InterchangeReading {
  readonly sets: Array<TransactionSet> = []
  readonly lost: Array<SetHead> = []
  readonly faults: Array<X12Fault> = []
  private readonly isa: Cut
  private gs: Cut | undefined
  private open: OpenSet | undefined
  private hasEnd = false

  constructor(isa: Cut) {
    this.isa = isa
  }

  read(cut: Cut): void {
    switch (cut.tag) {
      case "GS":
        this.lose("the group ends within it")
        this.gs = cut
        return
      case "ST":
        this.lose("another set begins within it")
        if (this.gs === undefined) return this.fault(cut, "there is no GS before it")
        this.open = { st: cut, segments: [] }
        return
      case "SE":
        return this.close(cut)
      case "GE":
        this.lose("the group ends within it")
        this.agree(cut, this.gs?.elements[6], "GS06")
        this.gs = undefined
        return
      case "IEA":
        this.lose("the interchange ends within it")
        this.hasEnd = true
        return this.agree(cut, this.isa.elements[13], "ISA13")
    }
    if (this.open === undefined) return this.fault(cut, "it is in no transaction set")
    this.open.segments.push(cut)
  }

  end(): void {
    this.lose("the file ends within it")
    if (!this.hasEnd) this.fault(this.isa, "the file ends without IEA: it may not be whole")
  }

  private close(cut: Cut): void {
    const { open } = this
    if (open === undefined) return this.fault(cut, "no transaction set ends here")
    const objection = trailerObjection(open, cut)
    if (objection !== undefined) return this.lose(objection)
    this.open = undefined
    this.sets.push({ ...this.head(open), segments: open.segments })
  }

  /** The set that is open is not what it says. */
  private lose(detail: string): void {
    const { open } = this
    if (open === undefined) return
    this.open = undefined
    this.lost.push(this.head(open))
    const text = [open.st, ...open.segments].map((each) => each.text).join("\n")
    this.faults.push({ segment: open.st.number, text, detail: `the transaction set is not read: ${detail}` })
  }

  private head({ st: { number, elements } }: OpenSet): SetHead {
    return { number, isa: this.isa.elements, gs: this.gs!.elements, st: elements }
  }

  private agree(cut: Cut, begun: string | undefined, name: string): void {
    if (Number(cut.elements[2]) !== Number(begun))
      this.fault(cut, `control number ${cut.elements[2]}, ${name} ${begun}`)
  }

  private fault({ number, text }: Cut, detail: string): void {
    this.faults.push({ segment: number, text, detail })
  }
}

/** Any number of interchanges, each with separators of its own. */
export const readX12 = (text: string): X12Reading => {
  const sets: Array<TransactionSet> = []
  const lost: Array<SetHead> = []
  const faults: Array<X12Fault> = []
  let number = 1
  let at = text.search(/[^\s\ufeff]/)
  while (at >= 0 && at < text.length) {
    const separators = separatorsAt(text, at)
    if (separators === undefined) {
      faults.push({
        segment: number,
        text: text.slice(at),
        detail: "no interchange begins here: ISA has 106 characters"
      })
      break
    }
    const { cuts, at: end } = cutInterchange(text, at, number, separators)
    const reading = new InterchangeReading(cuts[0]!)
    for (const cut of cuts.slice(1)) reading.read(cut)
    reading.end()
    sets.push(...reading.sets)
    lost.push(...reading.lost)
    faults.push(...reading.faults)
    number += cuts.length
    const next = text.slice(end).search(/\S/)
    at = next < 0 ? -1 : end + next
  }
  return { sets, lost, faults }
}
