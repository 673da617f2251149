/**
 * `holdfast sku`: everything about one SKU, for whoever has to explain its numbers.
 *
 * It reads the database, so it says what is durable; it changes nothing.
 */
import { Sku } from "@holdfast/domain/Identity"
import { bundleReport } from "@holdfast/ledger/BundleReport"
import { readBundles } from "@holdfast/ledger/Bundles"
import { Database, query } from "@holdfast/ledger/Database"
import { parkedFactsOf, similarSkus, skuReport } from "@holdfast/ledger/SkuReport"
import { Clock, Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { bundleText, partOfText } from "./bundles/BundleText.ts"
import { jsonFlag, limitFlag, sinceFlag } from "./CommandFlags.ts"
import { skuText, unknownText } from "./sku/SkuText.ts"
import { stdoutStyle } from "./terminal/TerminalStyle.ts"

export class SkuUnknown extends Schema.TaggedError<SkuUnknown>()("SkuUnknown", { message: Schema.String }) {}

const skuArgument = Argument.String("sku").pipe(
  Argument.withDescription("As events spell it: capitals and blanks count"),
  Argument.withSchema(Sku)
)

/** Fails with what is known of a SKU that is not known. */
export const refuseUnknown = Effect.fnUntraced(function* (sku: Sku) {
  const { sql } = yield* Database
  const [parked, similar] = yield* query(() => Promise.all([parkedFactsOf(sql, sku), similarSkus(sql, sku)]))
  return yield* new SkuUnknown({ message: unknownText(sku, parked, similar) })
})

/** Needs `Database`. */
export const skuCommand = Command.make(
  "sku",
  {
    sku: skuArgument,
    limit: limitFlag("Most changes of the history", 50),
    since: sinceFlag,
    order: Flag.String("order").pipe(Flag.withDescription("Only changes of this order"), Flag.optional),
    json: jsonFlag
  },
  Effect.fn("SkuCommand")(function* ({ sku, limit, since, order, json }) {
    const { sql } = yield* Database
    const now = yield* Clock.currentTimeMillis
    const asked = {
      limit,
      since: Option.getOrUndefined(Option.map(since, (moment) => moment(now))),
      orderId: Option.getOrUndefined(order)
    }
    const style = stdoutStyle()
    const book = yield* query(() => readBundles(sql))
    const bundle = yield* query(() => bundleReport(sql, book, sku))
    if (bundle !== undefined)
      return yield* Console.log(json ? JSON.stringify(bundle, undefined, 2) : bundleText(bundle, style))
    const report = yield* query(() => skuReport(sql, sku, asked))
    if (report === undefined) return yield* refuseUnknown(sku)
    const whole = { ...report, bundles: book.bundlesOf(sku) }
    yield* Console.log(json ? JSON.stringify(whole, undefined, 2) : skuText(report, style, partOfText(book, sku)))
  })
).pipe(
  Command.withDescription("Everything about one SKU: its levels, holds, open documents and history"),
  Command.withExamples([
    { command: "holdfast sku MUG", description: "what there is, and the last 50 changes" },
    { command: "holdfast sku MUG --order 4711", description: "what an order did to it" },
    { command: "holdfast sku MUG --since 2h --json", description: "for a program" }
  ])
)
