/** Why a channel is told its quantity of a bundle, as text: from the components to what it shows. Pure. */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { BundleReport } from "@holdfast/ledger/BundleReport"
import type { ListingEntry } from "@holdfast/ledger/ListingHistory"
import { bundleLines } from "../bundles/BundleText.ts"
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { oneLine, timeText, wholeText } from "../terminal/TerminalText.ts"
import { indented } from "../terminal/TextTable.ts"
import { isReckoned, type Reckoning } from "./Reckoning.ts"
import { toldLines } from "./ToldText.ts"
import { stepLines } from "./WhyText.ts"

/** What the channel confirmed last, beside what it is told. */
const standing = (told: ReadonlyArray<ListingEntry>, reckoning: Reckoning): string => {
  const last = told.findLast(({ outcome }) => outcome !== "rejected")
  if (last === undefined) return "it has not confirmed anything of this bundle yet"
  const said = `it confirmed ${wholeText(last.quantity)} at ${timeText(last.answeredAt)}`
  return isReckoned(reckoning, last.quantity) ? said : `${said}: it is behind`
}

export const whyBundleText = (
  { id, name }: Pick<ChannelDefinition, "id" | "name">,
  report: BundleReport,
  told: ReadonlyArray<ListingEntry>,
  reckoning: Reckoning,
  style: TerminalStyle
): string =>
  [
    `${painted(oneLine(report.bundle), "bold", style)} on ${id}, ${oneLine(name)}, a bundle`,
    "",
    ...indented(bundleLines(report, style)),
    "",
    ...indented(stepLines(reckoning, "is what it is told", style)),
    "",
    standing(told, reckoning),
    ...toldLines(told, style)
  ].join("\n")
