/**
 * `holdfast short`: the orders that cannot be served, oldest first.
 *
 * Who ordered first is served first, so the youngest orders of a SKU at a location are the short ones; those that its allowance
 * covers are backordered, and are listed as such. It reads the database
 * and changes nothing; nobody is told.
 */
import { Database, query } from "@holdfast/ledger/Database"
import { shortOrders } from "@holdfast/ledger/ShortOrders"
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { jsonFlag } from "./CommandFlags.ts"
import { shortageByChannel, shortText } from "./short/ShortText.ts"
import { stdoutStyle } from "./terminal/TerminalStyle.ts"

/** Needs `Database`. */
export const shortCommand = Command.make(
  "short",
  { json: jsonFlag },
  Effect.fn("ShortCommand")(function* ({ json }) {
    const { sql } = yield* Database
    const report = yield* query(() => shortOrders(sql))
    const style = stdoutStyle()
    const whole = { ...report, channels: shortageByChannel(report.orders) }
    yield* Console.log(json ? JSON.stringify(whole, undefined, 2) : shortText(report, style))
  })
).pipe(Command.withDescription("Orders that cannot be served, oldest first: more was sold than is there"))
