/**
 * `holdfast sources`: which system emits which events, when it was heard last, and whether its silence is normal.
 *
 * Guarantee: a file is checked as a whole before anything is applied; nothing that is declared here refuses an event.
 */
import { Database, query } from "@holdfast/ledger/Database"
import { forgetSource, loadRegistry, saveRegistry } from "@holdfast/ledger/EventSources"
import { Console, Effect, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import { dryRunFlag, jsonFlag } from "../CommandFlags.ts"
import { stdoutStyle } from "../terminal/TerminalStyle.ts"
import { readSourceFile } from "./SourceFile.ts"
import { sourcePlanOf } from "./SourcePlan.ts"
import { sourceReport } from "./SourceReport.ts"
import { sourcePlanText, sourcesText } from "./SourceText.ts"

export class SourceNotFound extends Schema.TaggedError<SourceNotFound>()("SourceNotFound", { source: Schema.String }) {
  override get message(): string {
    return `${JSON.stringify(this.source)} was neither declared nor heard; "holdfast sources" shows who was`
  }
}

const apply = Command.make(
  "apply",
  {
    file: Argument.File("file", { mustExist: true }).pipe(
      Argument.withDescription(
        'JSON such as {"sources":[{"source":"shop","types":["order.placed","order.cancelled"],"silenceMinutes":60}],' +
          '"unused":[{"types":["transfer.dispatched","transfer.received"],"note":"one warehouse"}]}'
      )
    ),
    dryRun: dryRunFlag,
    json: jsonFlag
  },
  Effect.fn("SourcesCommand.apply")(function* ({ file, dryRun, json }) {
    const { sql } = yield* Database
    const declared = yield* readSourceFile(file)
    const plan = sourcePlanOf(declared, yield* query(() => loadRegistry(sql)))
    const { changes, unchanged } = plan
    if (!dryRun && changes.length > 0) yield* query(() => saveRegistry(sql, plan.emitters, plan.unused))
    if (json) return yield* Console.log(JSON.stringify({ dryRun, changes, unchanged }))
    yield* Console.log(sourcePlanText(plan, stdoutStyle()))
    yield* Console.log(changes.length === 0 ? "nothing to do" : dryRun ? "nothing was applied (dry run)" : "applied")
  })
).pipe(
  Command.withDescription(
    "Declare who emits what. What the file says of a source replaces what was said of it, other sources stay; without silenceMinutes any silence is normal"
  )
)

const forget = Command.make(
  "forget",
  { source: Argument.String("source") },
  Effect.fn("SourcesCommand.forget")(function* ({ source }) {
    const { sql } = yield* Database
    if (!(yield* query(() => forgetSource(sql, source)))) return yield* new SourceNotFound({ source })
    yield* Console.log(`${source} is forgotten; it comes back as undeclared when it is heard again`)
  })
).pipe(Command.withDescription("Take back what was declared of a source, and when it was heard"))

/** Needs `Database`. */
export const sourcesCommand = Command.make(
  "sources",
  { json: jsonFlag },
  Effect.fn("SourcesCommand")(function* ({ json }) {
    const { now, emitters } = yield* sourceReport()
    yield* Console.log(json ? JSON.stringify(emitters, undefined, 2) : sourcesText(emitters, now, stdoutStyle()))
  })
).pipe(
  Command.withDescription("Which system emits which events, and whether one has gone silent"),
  Command.withSubcommands([apply, forget])
)
