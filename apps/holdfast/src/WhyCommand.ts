/**
 * `holdfast why`: what a channel is to be told of a SKU, how that comes about, and what it confirmed last.
 *
 * It reckons from the levels that are durable and from the definition that the running instance was started with. It asks no
 * channel: what a channel really shows may differ from what it confirmed.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { Database, query } from "@holdfast/ledger/Database"
import { listingReport } from "@holdfast/ledger/ListingReport"
import { readChannelFile } from "@holdfast/outbound/ChannelFile"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { InstanceSettings } from "./checklist/InstanceSettings.ts"
import { jsonFlag, limitFlag } from "./CommandFlags.ts"
import { runningInstance } from "./RunningInstance.ts"
import { refuseUnknown } from "./SkuCommand.ts"
import { styleOf } from "./terminal/TerminalStyle.ts"
import { reckon } from "./why/Reckoning.ts"
import { whyText } from "./why/WhyText.ts"

export class ChannelUnknown extends Schema.TaggedError<ChannelUnknown>()("ChannelUnknown", {
  message: Schema.String
}) {}

const decodeSettings = Schema.decodeUnknownEffect(InstanceSettings)

/** Of the file that is given, else of the instance that runs. */
const definitions = (file: Option.Option<string>) => {
  if (Option.isSome(file)) return readChannelFile(file.value)
  return runningInstance.pipe(
    Effect.flatMap(({ settings }) => decodeSettings(settings)),
    Effect.map(({ channels }) => channels),
    Effect.mapError(
      () =>
        new ChannelUnknown({ message: "nothing runs here that tells its channels; name their file with --channels" })
    )
  )
}

const find = (channels: ReadonlyArray<ChannelDefinition>, id: string) => {
  const found = channels.find((channel) => channel.id === id)
  if (found !== undefined) return Effect.succeed(found)
  const known = channels.length === 0 ? "there is none" : `there is ${channels.map((channel) => channel.id).join(", ")}`
  return Effect.fail(new ChannelUnknown({ message: `no channel is called ${id}; ${known}` }))
}

/** Needs `Database`. */
export const whyCommand = Command.make(
  "why",
  {
    channel: Argument.String("channel").pipe(Argument.withDescription("Id of the channel")),
    sku: Argument.String("sku").pipe(Argument.withSchema(Sku)),
    limit: limitFlag("Most changes behind it", 10),
    channels: Flag.File("channels", { mustExist: true }).pipe(
      Flag.withDescription("JSON file of channel definitions, instead of those of the running instance"),
      Flag.optional
    ),
    json: jsonFlag
  },
  Effect.fn("WhyCommand")(function* ({ channel: id, sku, limit, channels, json }) {
    const channel = yield* find(yield* definitions(channels), id)
    const { sql } = yield* Database
    const report = yield* query(() => listingReport(sql, id, sku, limit))
    if (report === undefined) return yield* refuseUnknown(sku)
    const reckoning = reckon(channel, report.levels, report.terms)
    const style = styleOf(process.stdout, process.env["NO_COLOR"])
    const { buffer, cap, threshold, locations } = channel
    const whole = { channel: { id, buffer, cap, threshold, locations }, ...reckoning, ...report }
    yield* Console.log(json ? JSON.stringify(whole, undefined, 2) : whyText(channel, report, reckoning, style))
  })
).pipe(
  Command.withDescription("Why a channel is told its quantity of a SKU, and whether it has confirmed it"),
  Command.withExamples([{ command: "holdfast why marketplace MUG", description: "from levels to what it shows" }])
)
