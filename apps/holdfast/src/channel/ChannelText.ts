/** Channels, their changes and what waits for them, as text for a terminal. Pure. */
import type { ChannelSnapshot, ListingView } from "@holdfast/channels/ChannelSnapshot"
import { type Rung, rungs } from "@holdfast/channels/Ladder"
import type { ChannelRevision } from "@holdfast/ledger/ChannelDefinitions"
import type { Timing } from "@holdfast/domain/Timing"
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { exactTimeText, oneLine, wholeText } from "../terminal/TerminalText.ts"
import { indented, tableLines, type TextColumn } from "../terminal/TextTable.ts"
import type { ChannelEdit } from "./ChannelEdit.ts"
import { durationText } from "./TimingFlags.ts"

export const timingText = (timing: Timing): string => {
  switch (timing.model) {
    case "realtime":
      return "in real time"
    case "nearRealtime": {
      const batch = timing.batchSize === undefined ? "" : `, or ${wholeText(timing.batchSize)} listings`
      return `every ${durationText(timing.windowMillis)}${batch}`
    }
    case "scheduled":
      return timing.everyMillis === undefined
        ? `at ${timing.cron} ${timing.timeZone ?? "UTC"}`
        : `every ${durationText(timing.everyMillis)}`
    case "manual":
      return "when an operator says so"
  }
}

const channelColumns: ReadonlyArray<TextColumn<ChannelRevision>> = [
  { title: "CHANNEL", text: ({ definition }) => oneLine(definition.id), left: true },
  {
    title: "STATE",
    text: ({ operation }) => operation,
    left: true,
    mark: ({ operation }) => (operation === "running" ? undefined : "yellow")
  },
  { title: "HEARS", text: ({ definition }) => timingText(definition.timing), left: true },
  { title: "BUDGET", text: ({ definition }) => durationText(definition.budgetMillis) },
  { title: "OBJECTIVE", text: ({ definition }) => `${Math.round(definition.objective * 100_000) / 1_000} %` },
  { title: "BUFFER", text: ({ definition }) => wholeText(definition.buffer) },
  { title: "SINCE", text: ({ since }) => exactTimeText(since), left: true },
  { title: "BY", text: ({ by }) => oneLine(by), left: true }
]

type Now = Pick<ChannelSnapshot, "rung" | "raisesHeld">

const rungTexts: Readonly<Record<Rung, string>> = {
  none: "-",
  largerBatches: "larger batches",
  onlyRisky: "only risky updates",
  widerBuffer: "wider buffer",
  stopRaising: "no raises",
  alert: "no raises, and too slow yet"
}

/** Columns that are there only while they say something. */
const nowColumns = (channels: ReadonlyArray<ChannelRevision>, now: ReadonlyMap<string, Now | undefined>) => {
  const of = ({ definition }: ChannelRevision) => now.get(definition.id)
  const isOnRung = (channel: ChannelRevision) => (of(channel)?.rung ?? "none") !== "none"
  const unseen = (channel: ChannelRevision) => of(channel)?.raisesHeld.unseenOrders ?? 0
  const rung: TextColumn<ChannelRevision> = {
    title: "RUNG",
    text: (channel) =>
      isOnRung(channel)
        ? `${rungs.indexOf(of(channel)!.rung)}/${rungs.length - 1} ${rungTexts[of(channel)!.rung]}`
        : "-",
    left: true,
    mark: (channel) => (isOnRung(channel) ? "yellow" : undefined)
  }
  const raises: TextColumn<ChannelRevision> = {
    title: "RAISES THAT WAIT FOR ORDERS",
    text: (channel) => wholeText(unseen(channel))
  }
  return [
    ...(channels.some(isOnRung) ? [rung] : []),
    ...(channels.some((channel) => unseen(channel) > 0) ? [raises] : [])
  ]
}

/** @param now how those do that run somewhere, by their id */
export const channelsText = (
  channels: ReadonlyArray<ChannelRevision>,
  now: ReadonlyMap<string, Now | undefined>,
  style: TerminalStyle
): string =>
  channels.length === 0
    ? "there is no channel; holdfast channel apply channels.json makes those of a file"
    : tableLines([...channelColumns, ...nowColumns(channels, now)], channels, style).join("\n")

const valueText = (field: string, value: unknown): string => {
  if (value === undefined) return "-"
  if (field === "timing") return timingText(value as Timing)
  if (field === "budgetMillis" || field === "timeoutMillis") return durationText(value as number)
  return oneLine(typeof value === "string" ? value : JSON.stringify(value))
}

const fieldLines = ({ changed }: Pick<ChannelEdit, "changed">): ReadonlyArray<string> => {
  const width = Math.max(...changed.map(({ field }) => field.length))
  return changed.map(
    ({ field, before, after }) => `${field.padEnd(width)}  ${valueText(field, before)} -> ${valueText(field, after)}`
  )
}

/** What a change changes, what is to be said of it, and whether it was made. */
export const editText = ({ channel, changed, advice, revision }: ChannelEdit, style: TerminalStyle): string => {
  if (changed.length === 0) return `${channel} is so already; nothing to do`
  const done = revision === undefined ? "nothing was changed (dry run)" : "a running instance follows within a second"
  return [
    painted(channel, "bold", style),
    ...indented(fieldLines({ changed })),
    ...advice.map((line) => painted(`  mind: ${line}`, "yellow", style)),
    done
  ].join("\n")
}

const headOf = ({ id, since, by, reason, undoes }: ChannelRevision): string => {
  const why = [...(undoes === null ? [] : [`takes back ${undoes}`]), ...(reason === null ? [] : [oneLine(reason)])]
  return `${id}  ${exactTimeText(since)}  ${oneLine(by)}${why.length === 0 ? "" : `: ${why.join(", ")}`}`
}

/** @param history newest first @param edits what each changed, in the same order; undefined: it is the first */
export const historyText = (
  history: ReadonlyArray<ChannelRevision>,
  edits: ReadonlyArray<ChannelEdit["changed"] | undefined>,
  style: TerminalStyle
): string =>
  history
    .flatMap((revision, i) => {
      const changed = edits[i]
      return [
        painted(headOf(revision), "bold", style),
        ...indented(changed === undefined ? ["begins"] : fieldLines({ changed }))
      ]
    })
    .join("\n")

const differenceColumns: ReadonlyArray<TextColumn<ListingView>> = [
  { title: "SKU", text: ({ sku }) => oneLine(sku), left: true },
  { title: "SHOWN", text: ({ confirmed }) => (confirmed === undefined ? "-" : wholeText(confirmed)) },
  {
    title: "TO SHOW",
    text: ({ wanted }) => wholeText(wanted),
    mark: ({ wanted }) => (wanted === 0 ? "red" : undefined)
  },
  { title: "EVENTS", text: ({ pendingEvents }) => wholeText(pendingEvents) }
]

const keptColumn: TextColumn<ListingView> = {
  title: "KEPT FOR LAG",
  text: ({ kept }) => (kept === undefined ? "-" : wholeText(kept.units))
}

const heldTexts: Readonly<Record<NonNullable<ListingView["held"]>["because"], string>> = {
  listingDay: "its next day",
  unseenOrders: "orders before",
  ladder: "a lower rung"
}

const heldColumn: TextColumn<ListingView> = {
  title: "WAITS FOR",
  text: ({ held }) => {
    if (held === undefined) return "its window"
    return held.because === "unseenOrders"
      ? `${heldTexts[held.because]} ${exactTimeText(held.until)}`
      : heldTexts[held.because]
  },
  left: true
}

/** Of channels without a lag buffer nothing is kept, and most wait for their window only. */
const columnsFor = (listings: ReadonlyArray<ListingView>) => [
  ...differenceColumns,
  ...(listings.some(({ kept }) => kept !== undefined) ? [keptColumn] : []),
  ...(listings.some(({ held }) => held !== undefined) ? [heldColumn] : [])
]

/** What waits for a window to close, and raises that are held. */
export const differencesText = (
  channel: string,
  listings: ReadonlyArray<ListingView>,
  more: number,
  style: TerminalStyle
): string =>
  listings.length === 0
    ? `nothing waits for ${channel}`
    : [
        ...tableLines(columnsFor(listings), listings, style),
        ...(more > 0 ? [`and ${wholeText(more)} more; --json has all`] : []),
        "",
        `let them go: holdfast channel release ${channel}, or only some with --sku`
      ].join("\n")
