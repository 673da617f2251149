/** `holdfast quarantine list|lift`: SKUs that were stopped because an invariant broke. */
import { Database, query } from "@holdfast/ledger/Database"
import { Console, Effect, Schema } from "effect"
import { Argument, Command } from "effect/cli"

export class NotQuarantined extends Schema.TaggedError<NotQuarantined>()("NotQuarantined", { sku: Schema.String }) {
  override get message(): string {
    return `${this.sku} is not quarantined; "holdfast quarantine list" shows what is`
  }
}

const list = Command.make(
  "list",
  {},
  Effect.fn("QuarantineCommand.list")(function* () {
    const { sql } = yield* Database
    const rows = yield* query(() => sql`select sku, detail, since from quarantine where not lifted order by since`)
    if (rows.length === 0) return yield* Console.log("nothing is quarantined")
    for (const { sku, detail, since } of rows) {
      yield* Console.log(`${sku}  since ${(since as Date).toISOString()}  ${detail}`)
    }
  })
).pipe(Command.withDescription("SKUs that are stopped, and why"))

const lift = Command.make(
  "lift",
  { sku: Argument.String("sku") },
  Effect.fn("QuarantineCommand.lift")(function* ({ sku }) {
    const { sql } = yield* Database
    const rows = yield* query(
      () => sql`update quarantine set lifted = true where sku = ${sku} and not lifted returning sku`
    )
    if (rows.length === 0) return yield* new NotQuarantined({ sku })
    yield* Console.log(
      `${sku} goes on with its next message; what was parked meanwhile: holdfast parked replay --reason quarantined`
    )
  })
).pipe(Command.withDescription("Let a SKU go on, once its state was put right"))

/** Needs `Database`. */
export const quarantineCommand = Command.make("quarantine").pipe(
  Command.withDescription("SKUs that were stopped because an invariant broke"),
  Command.withSubcommands([list, lift])
)
