/**
 * One transaction set in its envelopes: ISA, GS, ST ... SE, GE, IEA.
 *
 * Guarantee: counts and control numbers agree, and the same arguments make the same bytes. It does not know what a set says.
 */
import type { Inventory846 } from "@holdfast/domain/SftpSettings"
import { type Segment, type Separators, writeSegments } from "./X12Text.ts"

export type Partners = Pick<Inventory846, "sender" | "receiver" | "version" | "separators" | "lineBreaks" | "test">

/** Repetitions exist since 00402. */
export const separatorsOf = ({ separators = "*^>~", version }: Partners): Separators => ({
  element: separators[0]!,
  repetition: version === "004010" ? undefined : separators[1]!,
  component: separators[2]!,
  segment: separators[3]!
})

/** UTC, as elements write it. */
export const dateAndTime = (millis: number): { readonly date: string; readonly time: string } => {
  const [date, time] = new Date(millis).toISOString().split("T") as [string, string]
  return { date: date.replaceAll("-", ""), time: time.slice(0, 5).replace(":", "") }
}

const setNumber = "0001"

/** What makes an interchange one of its own. */
export interface Control {
  /** nine digits at most: ISA13 and GS06 */
  readonly number: number
  /** ms since the epoch */
  readonly at: number
}

const interchangeHeader = (partners: Partners, { number, at }: Control, separators: Separators): Segment => {
  const { sender, receiver, version, test = false } = partners
  const { date, time } = dateAndTime(at)
  const blank = " ".repeat(10)
  const nobody = ["00", blank, "00", blank]
  const parties = [sender.qualifier, sender.id.padEnd(15), receiver.qualifier, receiver.id.padEnd(15)]
  const sent = [date.slice(2), time, separators.repetition ?? "U", version === "004010" ? "00401" : "00501"]
  const end = [String(number).padStart(9, "0"), "0", test ? "T" : "P", separators.component]
  return ["ISA", ...nobody, ...parties, ...sent, ...end]
}

/**
 * @param kind functional identifier and number of the set, such as `["IB", "846"]`
 */
export const interchange = (
  partners: Partners,
  [functional, set]: readonly [functional: string, set: string],
  control: Control,
  body: ReadonlyArray<Segment>
): string => {
  const separators = separatorsOf(partners)
  const { number, at } = control
  const { date, time } = dateAndTime(at)
  const { sender, receiver, version, lineBreaks = false } = partners
  const segments: ReadonlyArray<Segment> = [
    interchangeHeader(partners, control, separators),
    ["GS", functional, sender.id, receiver.id, date, time, String(number), "X", version],
    ["ST", set, setNumber],
    ...body,
    ["SE", String(body.length + 2), setNumber],
    ["GE", "1", String(number)],
    ["IEA", "1", String(number).padStart(9, "0")]
  ]
  return writeSegments(segments, separators, lineBreaks)
}
