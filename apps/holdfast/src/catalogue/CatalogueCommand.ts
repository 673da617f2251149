/**
 * `holdfast catalogue apply|list`: which SKUs are kept, where, with which safety stock. On what terms: `TermsCommand`.
 *
 * Guarantee: a file is read and checked as a whole before anything is applied; any problem, and nothing is. It never removes
 * a SKU: what was received or sold stays known.
 */
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { LocationId } from "@holdfast/domain/Identity"
import { listCatalogue } from "@holdfast/ledger/Catalogue"
import { Database, query } from "@holdfast/ledger/Database"
import { Console, Effect, type Layer, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { dryRunFlag, jsonFlag, limitFlag, sourceFlag } from "../CommandFlags.ts"
import { stdoutStyle } from "../terminal/TerminalStyle.ts"
import { applyPlan, catalogueSource, planCatalogue } from "./CatalogueApply.ts"
import { pageSkusDefault } from "./CatalogueLimit.ts"
import { readCatalogueCsv } from "./CatalogueReader.ts"
import { catalogueText, countsOf, planText, publishedText } from "./CatalogueText.ts"
import { fileChunks, readingFile } from "./FileChunks.ts"
import { refusedBy } from "./LineProblems.ts"
import { termsCommand } from "./TermsCommand.ts"

const read = Effect.fnUntraced(function* (path: string) {
  const { lines, problems } = yield* readingFile(path, () => readCatalogueCsv(fileChunks(path)))
  return problems.count > 0 ? yield* refusedBy(path, problems) : lines
})

const apply = <E, R>(nats: Layer.Layer<NatsConnection, E, R>) =>
  Command.make(
    "apply",
    {
      file: Argument.File("file", { mustExist: true }).pipe(
        Argument.withDescription("CSV with the columns sku, and if you like location, safety_stock, name")
      ),
      dryRun: dryRunFlag,
      source: sourceFlag(catalogueSource),
      json: jsonFlag
    },
    Effect.fn("CatalogueCommand.apply")(function* ({ file, dryRun, source, json }) {
      const plan = yield* planCatalogue(yield* read(file))
      if (!json) yield* Console.log(planText(plan, stdoutStyle()))
      const published =
        dryRun || plan.changes.length === 0 ? undefined : yield* Effect.provide(applyPlan(plan, source), nats)
      yield* Console.log(
        json
          ? JSON.stringify({ dryRun, ...countsOf(plan), changes: plan.changes, published: published ?? null })
          : publishedText(plan, published)
      )
    })
  ).pipe(
    Command.withDescription(
      "Make SKUs known and set their safety stock; an empty safety_stock keeps what is set, an empty location is main"
    ),
    Command.withExamples([
      { command: "holdfast catalogue apply items.csv --dry-run", description: "what would change" },
      { command: "holdfast catalogue apply items.csv", description: "change it; the same file again changes nothing" }
    ])
  )

const list = Command.make(
  "list",
  {
    location: Flag.String("location").pipe(
      Flag.withDescription("Only this location"),
      Flag.withSchema(LocationId),
      Flag.optional
    ),
    after: Flag.String("after").pipe(Flag.withDescription("Only SKUs after this one"), Flag.optional),
    limit: limitFlag("Most SKUs", pageSkusDefault),
    json: jsonFlag
  },
  Effect.fn("CatalogueCommand.list")(function* ({ location, after, limit, json }) {
    const { sql } = yield* Database
    const asked = {
      limit,
      ...(Option.isSome(location) ? { locationId: location.value } : {}),
      ...(Option.isSome(after) ? { after: after.value } : {})
    }
    const rows = yield* query(() => listCatalogue(sql, asked))
    if (json) return yield* Console.log(JSON.stringify(rows, undefined, 2))
    yield* Console.log(catalogueText(rows, stdoutStyle()))
    if (new Set(rows.map(({ sku }) => sku)).size === limit)
      yield* Console.log(`\nonly ${limit} SKUs are shown; go on with --after ${JSON.stringify(rows.at(-1)!.sku)}`)
  })
).pipe(Command.withDescription("List the SKUs that are known, with their safety stock"))

/**
 * Needs `Database`.
 * @param nats connects when there is something to publish: a dry run needs no broker
 */
export const catalogueCommand = <E, R>(nats: Layer.Layer<NatsConnection, E, R>) =>
  Command.make("catalogue").pipe(
    Command.withDescription("SKUs, where they are kept, and the units that are never promised"),
    Command.withSubcommands([apply(nats), termsCommand(nats), list])
  )
