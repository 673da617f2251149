/**
 * `holdfast why`: what a channel is to be told of a SKU, how that comes about, and what it confirmed last; with `--at`, what it
 * showed at an earlier time, why, and whether it should have.
 *
 * It reckons from the levels that are durable and from the channel's definition as it is now; for an earlier
 * time, from the ledger and the definition of then. It asks no channel: what a channel really shows may differ from what it
 * confirmed.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { bundleReport, type BundleReport } from "@holdfast/ledger/BundleReport"
import { readBundles } from "@holdfast/ledger/Bundles"
import { Database, query } from "@holdfast/ledger/Database"
import { entriesUpTo } from "@holdfast/ledger/ListingHistory"
import { listingReport, toldMax } from "@holdfast/ledger/ListingReport"
import { listingThen } from "@holdfast/ledger/ListingThen"
import { readChannelFile } from "@holdfast/outbound/ChannelFile"
import { Clock, Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { partsOf } from "./bundles/BundleText.ts"
import { channelOf, channelUnknown } from "./channel/ChannelEdit.ts"
import { channelArgument, jsonFlag, limitFlag, type Moment } from "./CommandFlags.ts"
import { refuseUnknown } from "./SkuCommand.ts"
import { stdoutStyle, type TerminalStyle } from "./terminal/TerminalStyle.ts"
import { exactTimeText } from "./terminal/TerminalText.ts"
import { atFlag } from "./why/AtFlag.ts"
import { reckon, reckonBundle } from "./why/Reckoning.ts"
import { whyBundleText } from "./why/WhyBundleText.ts"
import { whyText } from "./why/WhyText.ts"
import { whyThen } from "./why/WhyThen.ts"
import { whyThenText } from "./why/WhyThenText.ts"

export class TimeAhead extends Schema.TaggedError<TimeAhead>()("TimeAhead", { at: Schema.Number }) {
  override get message(): string {
    return `${exactTimeText(this.at)} is still to come: --at is for a time that has been`
  }
}

/** Of the file that is given, else as the ledger has it. */
const definitionOf = Effect.fnUntraced(function* (file: Option.Option<string>, id: string) {
  if (Option.isNone(file)) return (yield* channelOf(id)).definition
  const definitions = yield* readChannelFile(file.value)
  return definitions.find((definition) => definition.id === id) ?? (yield* channelUnknown(id, definitions))
})

interface Asked {
  readonly channel: ChannelDefinition
  readonly sku: Sku
  /** changes behind it */
  readonly limit: number
  readonly json: boolean
}

const print = (json: boolean, whole: object, text: (style: TerminalStyle) => string) =>
  Console.log(json ? JSON.stringify(whole, undefined, 2) : text(stdoutStyle()))

const explainBundle = Effect.fnUntraced(function* ({ channel, json }: Asked, bundle: BundleReport) {
  const { sql } = yield* Database
  const told = yield* query(() => entriesUpTo(sql, channel.id, bundle.bundle, Number.POSITIVE_INFINITY, toldMax))
  const reckoning = reckonBundle(channel, partsOf(bundle))
  yield* print(json, { channel: { id: channel.id }, ...reckoning, ...bundle, told }, (style) =>
    whyBundleText(channel, bundle, told, reckoning, style)
  )
})

const explainNow = Effect.fnUntraced(function* (asked: Asked) {
  const { channel, sku, limit, json } = asked
  const { sql } = yield* Database
  const bundle = yield* query(async () => bundleReport(sql, await readBundles(sql), sku))
  if (bundle !== undefined) return yield* explainBundle(asked, bundle)
  const report = yield* query(() => listingReport(sql, channel.id, sku, limit))
  if (report === undefined) return yield* refuseUnknown(sku)
  const reckoning = reckon(channel, report.levels, report.terms)
  const { id, buffer, lagBuffer, cap, threshold, locations } = channel
  const whole = { channel: { id, buffer, lagBuffer, cap, threshold, locations }, ...reckoning, ...report }
  yield* print(json, whole, (style) => whyText(channel, report, reckoning, style))
})

const explainThen = Effect.fnUntraced(function* ({ channel, sku, limit, json }: Asked, moment: Moment) {
  const { sql } = yield* Database
  const now = yield* Clock.currentTimeMillis
  const at = moment(now)
  if (at > now) return yield* new TimeAhead({ at })
  const then = yield* query(() => listingThen(sql, { channel: channel.id, sku, at, limit }))
  if (then === undefined) return yield* refuseUnknown(sku)
  const why = whyThen(then, channel)
  // how it was found out, change by change, is of no use to a program
  const { since: _, isWhole: __, ...known } = then
  yield* print(json, { channel: { id: channel.id }, ...known, why }, (style) => whyThenText(channel, then, why, style))
})

/** Needs `Database`. */
export const whyCommand = Command.make(
  "why",
  {
    channel: channelArgument,
    sku: Argument.String("sku").pipe(Argument.withSchema(Sku)),
    limit: limitFlag("Most changes behind it", 10),
    channels: Flag.File("channels", { mustExist: true }).pipe(
      Flag.withDescription("JSON file of channel definitions, instead of those that are known"),
      Flag.optional
    ),
    at: atFlag,
    json: jsonFlag
  },
  Effect.fn("WhyCommand")(function* ({ channel: id, sku, limit, channels, at, json }) {
    const channel = yield* definitionOf(channels, id)
    const asked = { channel, sku, limit, json }
    yield* Option.isSome(at) ? explainThen(asked, at.value) : explainNow(asked)
  })
).pipe(
  Command.withDescription("Why a channel is told its quantity of a SKU, or showed one at an earlier time"),
  Command.withExamples([
    { command: "holdfast why marketplace MUG", description: "from levels to what it shows" },
    {
      command: "holdfast why marketplace MUG --at 14:03",
      description: "what it showed at that time, why, and whether it should have"
    }
  ])
)
