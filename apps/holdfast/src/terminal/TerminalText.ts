/**
 * Words, numbers and times as they are printed on a terminal.
 *
 * Guarantee: what a publisher wrote cannot move the cursor, change colours or hide lines: control characters are shown, not
 * printed. Pure.
 */

// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

export const visible = (text: string): string =>
  text.replace(control, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)

export const oneLine = (text: string): string => visible(text).replace(/[\n\t]/g, " ")

/** What does not fit ends with an ellipsis. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`

/** To the second, in UTC. */
export const timeText = (millis: number): string => `${new Date(millis).toISOString().slice(0, 19)}Z`

/** To the millisecond, in UTC. */
export const exactTimeText = (millis: number): string => new Date(millis).toISOString()

export const wholeText = (n: number): string => n.toLocaleString("en")

export const signedText = (n: number): string => (n > 0 ? `+${wholeText(n)}` : wholeText(n))

/** A number with its noun: 1 unit, 2 units. */
export const countText = (n: number, one: string, many = `${one}s`): string => `${wholeText(n)} ${n === 1 ? one : many}`

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1]
] as const

/** A duration in its two largest units: 45 s, 9 min 12 s, 3 h 5 min, 12 d. */
export const spanText = (millis: number): string => {
  let seconds = Math.floor(millis / 1_000)
  const parts: Array<string> = []
  for (const [name, size] of units) {
    const count = Math.floor(seconds / size)
    seconds -= count * size
    if (count > 0) parts.push(`${count} ${name}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.length === 0 ? "0 s" : parts.join(" ")
}

/** A duration that may be short: 38 ms, 2.4 s, then as `spanText`. A clock that is off makes none negative. */
export const lapseText = (millis: number): string => {
  if (millis < 1_000) return `${Math.max(0, millis)} ms`
  return millis < 60_000 ? `${Math.floor(millis / 100) / 10} s` : spanText(millis)
}
