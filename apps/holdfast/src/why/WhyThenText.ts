/**
 * Why a channel showed what it showed at an earlier time, as text.
 *
 * Guarantee: no line is wider than asked as long as names allow it. Pure.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { LevelUnits } from "@holdfast/domain/StockState"
import type { ListingEntry } from "@holdfast/ledger/ListingHistory"
import type { ListingThen } from "@holdfast/ledger/ListingThen"
import { historyLines } from "../sku/HistoryText.ts"
import { levelLines } from "../sku/SkuText.ts"
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, exactTimeText, lapseText, oneLine, timeText, wholeText } from "../terminal/TerminalText.ts"
import { indented } from "../terminal/TextTable.ts"
import { sellsFrom, type ChannelPolicy } from "./Reckoning.ts"
import { toldLines } from "./ToldText.ts"
import type { WhyThen } from "./WhyThen.ts"
import { stepLines } from "./WhyText.ts"

const shownText = ({ shown, shownBefore, next }: ListingThen, { since }: WhyThen): string => {
  if (shown !== null) return `it showed ${wholeText(shown.quantity)}, since ${exactTimeText(since!)}`
  if (shownBefore !== null)
    return `it showed ${wholeText(shownBefore.quantity)}; when it was told so is not kept any more`
  return next === null
    ? "nothing is kept of what it showed: it had not confirmed anything of this SKU"
    : "nothing is kept of what it showed: it had not confirmed anything of this SKU, or longer ago than is kept"
}

const callText = (attempts: number): string => (attempts > 1 ? `, at call ${wholeText(attempts)}` : "")

const pushText = ({ requestedAt, answeredAt, attempts, version }: ListingEntry, { cause }: WhyThen): string => {
  const answer = `it confirmed ${lapseText(answeredAt - requestedAt)} later${callText(attempts)}`
  const pushed = `pushed at ${exactTimeText(requestedAt)}`
  if (cause === null) return `${pushed}, ${answer}`
  const event = cause.what === "rules" ? "its rules had changed" : `change #${version} was committed`
  return `${pushed}, ${lapseText(requestedAt - cause.at)} after ${event}; ${answer}`
}

const foundText = ({ told, shown }: ListingThen): string => {
  const before = told.findLast((entry) => entry.outcome === "applied" && entry.answeredAt <= shown!.answeredAt)
  const other = before === undefined ? "" : `; it had confirmed ${wholeText(before.quantity)}`
  return `that is what it was found to show, not what it was told${other}`
}

const behindText = ({ at, caughtUp }: ListingThen, { behind }: WhyThen): ReadonlyArray<string> => {
  if (behind === null) return []
  const { quantity, version, since, isLeast } = behind
  const least = isLeast ? "at least " : ""
  const should = `it should have shown ${wholeText(quantity)}, of version ${wholeText(version)}, ${least}since ${exactTimeText(since)}`
  if (caughtUp === null) return [`${should}: ${lapseText(at - since)} before; it has confirmed nothing newer up to now`]
  const late = `it confirmed ${wholeText(caughtUp.quantity)} at ${exactTimeText(caughtUp.answeredAt)}`
  return [`${should};`, `${late}, ${lapseText(caughtUp.answeredAt - since)} after that${callText(caughtUp.attempts)}`]
}

const standingText = ({ basis, newest }: ListingThen, { behind }: WhyThen): ReadonlyArray<string> => {
  if (newest === null) return ["nothing that the ledger keeps of this SKU was committed by then"]
  if (basis === null || behind !== null || newest.levels === null) return []
  const later = newest.version - basis.version
  if (later <= 0) return ["nothing newer was committed by then: it showed what it should"]
  return [`${countText(later, "later change")} left that number as it was: it showed what it should`]
}

const nextText = ({ next, caughtUp, shown }: ListingThen, { behind }: WhyThen): ReadonlyArray<string> => {
  if (next === null) return shown === null ? [] : ["up to now it has confirmed nothing else"]
  const isSaid = behind !== null && next.lost === 0 && next.answeredAt === caughtUp?.answeredAt
  if (isSaid) return []
  const gap = next.lost > 0 ? `; ${countText(next.lost, "answer")} in between could not be stored` : ""
  const verb = next.outcome === "found" ? "was found to show" : "confirmed"
  return [`next it ${verb} ${wholeText(next.quantity)} at ${exactTimeText(next.answeredAt)}${gap}`]
}

/** Refused after what is shown was confirmed. */
const rejectedText = ({ told, shown }: ListingThen): ReadonlyArray<string> => {
  const last = told.at(-1)
  if (last === undefined || last.outcome !== "rejected" || last === shown) return []
  return [
    `at ${exactTimeText(last.answeredAt)} it rejected ${wholeText(last.quantity)}: ${oneLine(last.detail ?? "for no reason that it named")}`
  ]
}

const shownLines = (then: ListingThen, why: WhyThen, style: TerminalStyle): ReadonlyArray<string> => {
  const { shown } = then
  const isFound = shown?.outcome === "found"
  return [
    painted(shownText(then, why), "bold", style),
    ...(shown === null ? [] : [isFound ? foundText(then) : pushText(shown, why)]),
    ...[...rejectedText(then), ...behindText(then, why)].map((line) => painted(line, "yellow", style)),
    ...standingText(then, why),
    ...nextText(then, why)
  ]
}

const ownLines = (policy: ChannelPolicy, levels: ReadonlyArray<LevelUnits>, style: TerminalStyle) => {
  const [own, others] = [
    levels.filter((level) => sellsFrom(policy, level)),
    levels.filter((level) => !sellsFrom(policy, level))
  ]
  const table = own.map((level) => ({ ...level, incoming: 0, inTransit: 0 }))
  return [
    ...(own.length === 0 ? ["the channel sold from none of its locations"] : levelLines(table, style)),
    ...(others.length === 0
      ? []
      : [`not sold from by this channel: ${others.map(({ locationId }) => oneLine(locationId)).join(", ")}`])
  ]
}

const rulesText = ({ rulesSince }: WhyThen): string =>
  rulesSince === null
    ? "by the channel's rules of now: those of then are not stored"
    : `by the channel's rules in force since ${timeText(rulesSince)}`

const reckoningLines = ({ basis }: ListingThen, why: WhyThen, style: TerminalStyle): ReadonlyArray<string> => {
  if (basis === null) return []
  const title = `how version ${wholeText(basis.version)} makes that number`
  if (basis.levels === null || why.reckoning === null)
    return ["", `${title} cannot be said: the ledger of that time is not kept any more`]
  const { publishable } = why.reckoning
  const differs = `it does not: it makes ${wholeText(publishable)}, and ${wholeText(why.quantity!)} was shown`
  return [
    "",
    painted(`${title}, ${rulesText(why)}`, "bold", style),
    ...indented(ownLines(why.rules, basis.levels, { ...style, columns: style.columns - 2 })),
    "",
    ...indented(stepLines(why.reckoning, "is what it is told of that version", style)),
    ...(why.agrees === false ? [painted(differs, "red", style)] : [])
  ]
}

export const whyThenText = (
  channel: Pick<ChannelDefinition, "id" | "name">,
  then: ListingThen,
  why: WhyThen,
  style: TerminalStyle
): string =>
  [
    `${painted(oneLine(then.sku), "bold", style)} on ${channel.id}, ${oneLine(channel.name)}, at ${exactTimeText(then.at)}`,
    "",
    ...shownLines(then, why, style),
    ...reckoningLines(then, why, style),
    ...toldLines(then.told, style),
    ...(then.history.rows.length === 0 ? [] : historyLines(then.history, style))
  ].join("\n")
