/**
 * X12 as text: what an element can say, and segments with their separators.
 *
 * Guarantee: what `cannotSay` has no objection to is read back as it was written. X12 knows no escaping: a text with a separator in it
 * cannot be said.
 */

/** What stands between elements, repetitions and components, and ends a segment. */
export interface Separators {
  readonly element: string
  /** undefined: releases before 00402 have none */
  readonly repetition: string | undefined
  readonly component: string
  readonly segment: string
}

/** Tag and elements. */
export type Segment = readonly [tag: string, ...elements: ReadonlyArray<string>]

/**
 * Why an alphanumeric element cannot say this; undefined: it can.
 * @param max characters of the element
 */
export const cannotSay = (text: string, max: number, separators: Separators): string | undefined => {
  if (text.length === 0 || text.length > max) return `must have 1 to ${max} characters, got ${text.length}`
  if (!/^[\x20-\x7e]*$/.test(text)) return "must be printable ASCII"
  if (text.trim() !== text) return "must not begin or end with a space, which X12 does not keep"
  const said = Object.values(separators).find((separator) => separator !== undefined && text.includes(separator))
  return said === undefined ? undefined : `must not contain ${JSON.stringify(said)}, which separates here`
}

/** Elements at the end that say nothing are left out, as the standard wants. */
const segmentText = (segment: Segment, { element, segment: end }: Separators): string => {
  let last = segment.length
  while (last > 1 && segment[last - 1] === "") last -= 1
  return segment.slice(0, last).join(element) + end
}

export const writeSegments = (segments: ReadonlyArray<Segment>, separators: Separators, lineBreaks: boolean): string =>
  segments.map((segment) => segmentText(segment, separators) + (lineBreaks ? "\n" : "")).join("")

/** A date as elements write it, with a time as `hh:mm:ss`, in UTC. @returns ms since the epoch; NaN: it is none */
export const millisOf = (date: string | undefined, time: string): number => {
  const parts = /^(\d{4})(\d{2})(\d{2})$/.exec(date ?? "")
  return parts === null ? Number.NaN : Date.parse(`${parts[1]}-${parts[2]}-${parts[3]}T${time}Z`)
}

/** GS04 and GS05: when a group was written. */
export const writtenAt = ([, , , , date, time = ""]: ReadonlyArray<string>): number =>
  millisOf(date, `${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6) || "00"}`)
