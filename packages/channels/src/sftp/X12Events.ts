/**
 * Events out of a file of X12: 852 by `Activity852`, and what a partner says of our 846 in 997.
 *
 * Guarantee: pure. An acknowledgement of what was taken is no event; one of what was not, a set of another kind and what is no set at all are
 * named, so that somebody sees them.
 */
import type { ToldEvent } from "../inbound/InboundCall.ts"
import { activity852 } from "./Activity852.ts"
import { type FileContent, unreadable } from "./FileEvents.ts"
import { readX12, type TransactionSet } from "./X12Reader.ts"

/** AK901 of a group that was taken, with or without remarks. */
const taken: ReadonlySet<string | undefined> = new Set(["A", "E"])

const elementOf = ({ segments }: TransactionSet, tag: string, element: number): string | undefined =>
  segments.find((segment) => segment.tag === tag)?.elements[element]

/** Why somebody must look at a set that is no 852; undefined: nobody must. */
const objectionTo = (set: TransactionSet): string | undefined => {
  const kind = set.st[1]
  if (kind !== "997") return `ST01 is ${kind}, and 852 and 997 are read`
  const verdict = elementOf(set, "AK9", 1)
  if (taken.has(verdict)) return undefined
  return `the partner did not take our group ${elementOf(set, "AK1", 1)} ${elementOf(set, "AK1", 2)}: AK901 is ${verdict}`
}

const othersOf = (file: FileContent, set: TransactionSet): ReadonlyArray<ToldEvent> => {
  const objection = objectionTo(set)
  if (objection === undefined) return []
  const text = [set.st, ...set.segments.map(({ elements }) => elements)].map((each) => each.join("*")).join("\n")
  return [unreadable(file, `segment ${set.number}`, text, objection)]
}

/** @param qualifier which of LIN's names is our SKU */
export const x12Events = (file: FileContent, channel: string, qualifier: string): ReadonlyArray<ToldEvent> => {
  const { sets, faults } = readX12(Buffer.from(file.bytes).toString("utf8"))
  return [
    ...sets.flatMap((set) => (set.st[1] === "852" ? activity852(file, set, channel, qualifier) : othersOf(file, set))),
    ...faults.map(({ segment, text, detail }) => unreadable(file, `segment ${segment}`, text, detail))
  ]
}
