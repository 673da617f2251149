/**
 * `holdfast mapping apply|list`: what a channel calls our SKUs, for channels that do not know SKUs by name.
 *
 * Guarantee: a file is checked as a whole, in view of what is stored, before anything is applied; any problem, and nothing is. SKUs that it does
 * not name stay as they are. A running instance goes by it at once, and tells the channel again what it did not know before.
 */
import { listingFormats } from "@holdfast/channels/ListingFormat"
import { listMappings, mappedKeys, mappingsOf, saveMappings, type MappingRow } from "@holdfast/ledger/ChannelMapping"
import { Database, query } from "@holdfast/ledger/Database"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { pageSkusDefault } from "../catalogue/CatalogueLimit.ts"
import { LineProblems, refusedBy } from "../catalogue/LineProblems.ts"
import { channelOf } from "../channel/ChannelEdit.ts"
import { channelArgument, dryRunFlag, jsonFlag, limitFlag } from "../CommandFlags.ts"
import { stdoutStyle } from "../terminal/TerminalStyle.ts"
import { readMappingFile } from "./MappingFile.ts"
import { mappingPlanOf } from "./MappingPlan.ts"
import { mappingPlanText, mappingsText } from "./MappingText.ts"

export class NoMapping extends Schema.TaggedError<NoMapping>()("NoMapping", {
  channel: Schema.String,
  connector: Schema.String
}) {
  override get message(): string {
    return `channel ${this.channel} needs no mapping: its connector ${this.connector} names SKUs as they are`
  }
}

const formatOf = Effect.fnUntraced(function* (channel: string) {
  const { connector } = (yield* channelOf(channel)).definition
  return listingFormats[connector] ?? (yield* new NoMapping({ channel, connector }))
})

const planOf = Effect.fnUntraced(function* (channel: string, file: string) {
  const { sql } = yield* Database
  const format = yield* formatOf(channel)
  const lines = yield* readMappingFile(file, format)
  const skus = lines.map(({ sku }) => sku)
  const keys = lines.flatMap(({ listing }) => (listing === undefined ? [] : [listing.key]))
  const stored = yield* query(() => mappingsOf(sql, channel, skus))
  const owners = yield* query(() => mappedKeys(sql, channel, keys))
  const plan = mappingPlanOf(lines, format.columns[0]!, new Map(stored.map(({ sku, key }) => [sku, key])), owners)
  if (plan.problems.length === 0) return plan
  const problems = new LineProblems()
  problems.addAll(plan.problems)
  return yield* refusedBy(file, problems)
})

const apply = Command.make(
  "apply",
  {
    channel: channelArgument,
    file: Argument.File("file", { mustExist: true }).pipe(
      Argument.withDescription(
        "CSV with the column sku and inventory_item_id (Shopify), or product_id and variation_id (WooCommerce); - removes a mapping"
      )
    ),
    dryRun: dryRunFlag,
    json: jsonFlag
  },
  Effect.fn("MappingCommand.apply")(function* ({ channel, file, dryRun, json }) {
    const { sql } = yield* Database
    const { changes, unchanged } = yield* planOf(channel, file)
    const rows = changes.flatMap(({ sku, external, after }): ReadonlyArray<MappingRow> =>
      after === null ? [] : [{ sku, external, key: after }]
    )
    const removed = changes.filter(({ after }) => after === null).map(({ sku }) => sku)
    if (!dryRun && changes.length > 0) yield* query(() => saveMappings(sql, channel, rows, removed))
    yield* Console.log(
      json
        ? JSON.stringify({ dryRun, changes, unchanged })
        : mappingPlanText({ changes, unchanged }, dryRun, stdoutStyle())
    )
  })
).pipe(
  Command.withDescription("Say what a channel calls our SKUs; those that the file does not name stay as they are"),
  Command.withExamples([
    { command: "holdfast mapping apply shop listings.csv --dry-run", description: "what would change" },
    {
      command: "holdfast mapping apply shop listings.csv",
      description: "change it; the same file again changes nothing"
    }
  ])
)

const list = Command.make(
  "list",
  {
    channel: channelArgument,
    after: Flag.String("after").pipe(Flag.withDescription("Only SKUs after this one"), Flag.optional),
    limit: limitFlag("Most SKUs", pageSkusDefault),
    json: jsonFlag
  },
  Effect.fn("MappingCommand.list")(function* ({ channel, after, limit, json }) {
    const { sql } = yield* Database
    yield* formatOf(channel)
    const rows = yield* query(() => listMappings(sql, channel, limit, Option.getOrUndefined(after)))
    if (json) return yield* Console.log(JSON.stringify(rows, undefined, 2))
    yield* Console.log(mappingsText(channel, rows, stdoutStyle()))
    if (rows.length === limit)
      yield* Console.log(`\nonly ${limit} SKUs are shown; go on with --after ${JSON.stringify(rows.at(-1)!.sku)}`)
  })
).pipe(Command.withDescription("List what a channel calls our SKUs"))

/** Needs `Database`. */
export const mappingCommand = Command.make("mapping").pipe(
  Command.withDescription("What channels call our SKUs"),
  Command.withSubcommands([apply, list])
)
