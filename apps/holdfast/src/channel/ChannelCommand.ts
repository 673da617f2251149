/**
 * `holdfast channel`: what channels are, how they are changed while they run, and who changed them.
 *
 * It writes to the ledger; a running instance follows within a second. What waits for a window only that instance knows: it is
 * asked over HTTP.
 */
import type { ListingView } from "@holdfast/channels/ChannelSnapshot"
import { changedFields } from "@holdfast/domain/ChannelChange"
import { Sku } from "@holdfast/domain/Identity"
import { channelHistory } from "@holdfast/ledger/ChannelDefinitions"
import { releasedListings, requestRelease } from "@holdfast/ledger/ChannelRuns"
import { Database, query } from "@holdfast/ledger/Database"
import { readChannelFile } from "@holdfast/outbound/ChannelFile"
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { authorFlags, channelArgument, dryRunFlag, jsonFlag, limitFlag } from "../CommandFlags.ts"
import { stdoutStyle } from "../terminal/TerminalStyle.ts"
import { countText } from "../terminal/TerminalText.ts"
import {
  applyDefinition,
  channelOf,
  channels,
  editChannel,
  undoChange,
  withFields,
  type ChannelEdit
} from "./ChannelEdit.ts"
import { channelsNow, waitingListings } from "./ChannelDifferences.ts"
import { differencesShownMax, releaseSkusMax } from "./ChannelLimit.ts"
import { reconcileCommand } from "./ReconcileCommand.ts"
import { channelsText, differencesText, editText, historyText } from "./ChannelText.ts"
import { durationOf, timingNames, timingOf } from "./TimingFlags.ts"

const print = (json: boolean, whole: unknown, text: () => string) =>
  Console.log(json ? JSON.stringify(whole, undefined, 2) : text())

const author = authorFlags("Who changes it", "Why; kept with the change")

const edited = { channel: channelArgument, ...author, dryRun: dryRunFlag, json: jsonFlag }

interface Edited {
  readonly channel: string
  readonly by: string
  readonly reason: Option.Option<string>
  readonly dryRun: boolean
  readonly json: boolean
}

const requestOf = ({ channel, by, reason, dryRun }: Edited) => ({
  channel,
  by,
  dryRun,
  ...(Option.isSome(reason) ? { reason: reason.value } : {})
})

const sayEdit = (json: boolean, edit: ChannelEdit) => print(json, edit, () => editText(edit, stdoutStyle()))

const durationFlag = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(`${description}: a duration such as 250ms, 2s, 5m, 1h`),
    Flag.mapTryCatch(durationOf, (error) => (error instanceof Error ? error.message : String(error))),
    Flag.optional
  )

const setTiming = Command.make(
  "set-timing",
  {
    ...edited,
    model: Argument.Literals("model", timingNames).pipe(
      Argument.withDescription("near-realtime needs --window, scheduled needs --cron or --every")
    ),
    window: durationFlag("window", "near-realtime: how long changes collect"),
    batch: Flag.Int("batch").pipe(
      Flag.withDescription("near-realtime: listings that close the window early"),
      Flag.optional
    ),
    cron: Flag.String("cron").pipe(
      Flag.withDescription('scheduled: five fields, such as "0 * * * *" for every hour'),
      Flag.optional
    ),
    timeZone: Flag.String("time-zone").pipe(
      Flag.withDescription("scheduled: of --cron, such as Europe/Berlin; UTC when absent"),
      Flag.optional
    ),
    every: durationFlag("every", "scheduled: from one run to the next, instead of --cron")
  },
  Effect.fn("ChannelCommand.setTiming")(function* (flags) {
    const timing = yield* timingOf(flags)
    const edit = yield* editChannel(requestOf(flags), ({ definition, operation }) =>
      Effect.map(withFields(definition, { timing }), (changed) => ({ definition: changed, operation }))
    )
    yield* sayEdit(flags.json, edit)
  })
).pipe(Command.withDescription("When the channel hears of a change"))

const setBudget = Command.make(
  "set-budget",
  {
    ...edited,
    budget: durationFlag("budget", "From the event to the channel's acknowledgement"),
    objective: Flag.Finite("objective").pipe(
      Flag.withDescription("Share of events that must be inside the budget, such as 0.99"),
      Flag.optional
    )
  },
  Effect.fn("ChannelCommand.setBudget")(function* (flags) {
    const patch = {
      ...(Option.isSome(flags.budget) ? { budgetMillis: flags.budget.value } : {}),
      ...(Option.isSome(flags.objective) ? { objective: flags.objective.value } : {})
    }
    const edit = yield* editChannel(requestOf(flags), ({ definition, operation }) =>
      Effect.map(withFields(definition, patch), (changed) => ({ definition: changed, operation }))
    )
    yield* sayEdit(flags.json, edit)
  })
).pipe(Command.withDescription("How late a change may reach the channel, and how often it may be later"))

const operate = (name: string, operation: "running" | "paused" | "draining", description: string) =>
  Command.make(
    name,
    edited,
    Effect.fn("ChannelCommand.operate")(function* (flags) {
      const edit = yield* editChannel(requestOf(flags), ({ definition }) => Effect.succeed({ definition, operation }))
      yield* sayEdit(flags.json, edit)
    })
  ).pipe(Command.withDescription(description))

const undo = Command.make(
  "undo",
  edited,
  Effect.fn("ChannelCommand.undo")(function* (flags) {
    yield* sayEdit(flags.json, yield* undoChange(requestOf(flags)))
  })
).pipe(Command.withDescription("Take back the last change; once more, the one before it"))

const apply = Command.make(
  "apply",
  {
    file: Argument.File("file", { mustExist: true }).pipe(
      Argument.withDescription("JSON array of channel definitions; README of packages/channels shows one")
    ),
    ...author,
    dryRun: dryRunFlag,
    json: jsonFlag
  },
  Effect.fn("ChannelCommand.apply")(function* ({ file, by, reason, dryRun: dry, json }) {
    const definitions = yield* readChannelFile(file)
    const who = { by, ...(Option.isSome(reason) ? { reason: reason.value } : {}) }
    const edits = yield* Effect.forEach(definitions, (definition) => applyDefinition(definition, who, dry))
    yield* print(json, edits, () => edits.map((edit) => editText(edit, stdoutStyle())).join("\n"))
  })
).pipe(Command.withDescription("Make channels what a file says; channels that are not in it stay as they are"))

const show = Command.make(
  "show",
  { channel: channelArgument },
  Effect.fn("ChannelCommand.show")(function* ({ channel }) {
    const { definition } = yield* channelOf(channel)
    yield* Console.log(JSON.stringify(definition, undefined, 2))
  })
).pipe(Command.withDescription("The channel's definition, as a file has it"))

const history = Command.make(
  "history",
  { channel: channelArgument, limit: limitFlag("Most changes, the newest", 20), json: jsonFlag },
  Effect.fn("ChannelCommand.history")(function* ({ channel, limit, json }) {
    const { sql } = yield* Database
    yield* channelOf(channel)
    const changes = yield* query(() => channelHistory(sql, channel, limit + 1))
    const edits = changes.map((change, i) => {
      const before = changes[i + 1]
      return before === undefined ? undefined : changedFields(before, change)
    })
    const shown = changes.slice(0, limit)
    yield* print(json, shown, () => historyText(shown, edits, stdoutStyle()))
  })
).pipe(Command.withDescription("Who changed the channel, when, what and why"))

const differences = Command.make(
  "differences",
  { channel: channelArgument, json: jsonFlag },
  Effect.fn("ChannelCommand.differences")(function* ({ channel, json }) {
    yield* channelOf(channel)
    const listings: ReadonlyArray<ListingView> = yield* waitingListings(channel)
    const some = listings.slice(0, differencesShownMax)
    yield* print(json, listings, () => differencesText(channel, some, listings.length - some.length, stdoutStyle()))
  })
).pipe(
  Command.withDescription(
    "What waits for the channel's next window, and raises that are held: what it shows, and what it is to show"
  )
)

const release = Command.make(
  "release",
  {
    channel: channelArgument,
    sku: Flag.String("sku").pipe(
      Flag.withDescription("Only this one; may be given several times"),
      Flag.withSchema(Sku),
      Flag.between(0, releaseSkusMax)
    ),
    ...author
  },
  Effect.fn("ChannelCommand.release")(function* ({ channel, sku, by, reason }) {
    const { sql } = yield* Database
    yield* channelOf(channel)
    const who = { by, ...(Option.isSome(reason) ? { reason: reason.value } : {}) }
    const id = yield* query(() => requestRelease(sql, channel, sku.length === 0 ? undefined : sku, who))
    const listings = yield* taken(id)
    yield* Console.log(
      listings === null
        ? `nothing runs that would take it now: what waits for ${channel} goes when it does`
        : `${countText(listings, "listing")} of ${channel} ${listings === 1 ? "goes" : "go"} now`
    )
  })
).pipe(Command.withDescription("Let go what waits for the channel's window"))

/** Milliseconds between two looks whether a release was taken, and how many: twice the second that it takes at most. */
const takenLookMillis = 100
const takenLooks = 20

const taken = Effect.fnUntraced(function* (id: number) {
  const { sql } = yield* Database
  for (let look = 0; look < takenLooks; look++) {
    const listings = yield* query(() => releasedListings(sql, id))
    if (typeof listings === "number") return listings
    yield* Effect.sleep(takenLookMillis)
  }
  return null
})

/** Needs `Database`. */
export const channelCommand = Command.make(
  "channel",
  { json: jsonFlag },
  Effect.fn("ChannelCommand")(function* ({ json }) {
    const known = yield* channels
    const now = yield* channelsNow
    const whole = known.map((each) => ({ ...each, now: now.get(each.definition.id) ?? null }))
    yield* print(json, whole, () => channelsText(known, now, stdoutStyle()))
  })
).pipe(
  Command.withDescription("What channels are, and how they are changed while they run"),
  Command.withSubcommands([
    setTiming,
    setBudget,
    operate("pause", "paused", "Tell the channel nothing until it is resumed; what changes waits, the newest of each"),
    operate("resume", "running", "Tell the channel again, first what waits"),
    operate("drain", "draining", "Tell the channel what waits, whatever its window, then pause it"),
    differences,
    release,
    reconcileCommand,
    apply,
    show,
    history,
    undo
  ])
)
