/**
 * X12 997: which sets of a partner's groups we have read, one file for each group.
 *
 * Guarantee: pure; the same group makes the same bytes under the same name, so that saying it again changes nothing. Its control number is made of the
 * group's and above those of our 846, which are below 500,000,000 until 2035. It judges envelopes, not what a set says: a segment that
 * is no event is parked, and its set accepted. An acknowledgement is not acknowledged.
 */
import { type Partners, interchange } from "./X12Interchange.ts"
import type { SetHead, X12Reading } from "./X12Reader.ts"
import { type Segment, writtenAt } from "./X12Text.ts"

const numbersFrom = 500_000_000

export interface LeftFile {
  readonly name: string
  readonly text: string
}

interface Group {
  readonly head: SetHead
  readonly sets: Array<{ readonly st: ReadonlyArray<string>; readonly isRead: boolean }>
}

const groupsOf = ({ sets, lost }: X12Reading): ReadonlyArray<Group> => {
  const read: ReadonlySet<SetHead> = new Set(sets)
  const groups = new Map<string, Group>()
  for (const head of [...sets, ...lost].toSorted((a, b) => a.number - b.number)) {
    const key = JSON.stringify([head.isa[13], head.gs])
    const group = groups.get(key) ?? { head, sets: [] }
    groups.set(key, group)
    group.sets.push({ st: head.st, isRead: read.has(head) })
  }
  return [...groups.values()].filter(({ head }) => head.gs[1] !== "FA")
}

/** Whoever sent it receives this. */
const partnersOf = ({ isa, gs }: SetHead): Partners => ({
  sender: { qualifier: isa[7]!, id: isa[8]!.trim() },
  receiver: { qualifier: isa[5]!, id: isa[6]!.trim() },
  version: gs[8]?.startsWith("005") === true ? "005010" : "004010",
  test: isa[15] === "T"
})

const verdictOf = (read: number, all: number): string => (read === all ? "A" : read === 0 ? "R" : "P")

const acknowledgement = ({ head, sets }: Group): LeftFile => {
  const number = numbersFrom + ((Number(head.gs[6]) || 0) % numbersFrom)
  const read = sets.filter(({ isRead }) => isRead).length
  const answers = sets.flatMap(({ st, isRead }): ReadonlyArray<Segment> => [
    ["AK2", st[1]!, st[2]!],
    ["AK5", isRead ? "A" : "R"]
  ])
  const text = interchange(partnersOf(head), ["FA", "997"], { number, at: writtenAt(head.gs) || 0 }, [
    ["AK1", head.gs[1]!, head.gs[6]!],
    ...answers,
    ["AK9", verdictOf(read, sets.length), ...[sets.length, sets.length, read].map(String)]
  ])
  return { name: `997-${number}.edi`, text }
}

export const acknowledgements = (reading: X12Reading): ReadonlyArray<LeftFile> => groupsOf(reading).map(acknowledgement)
