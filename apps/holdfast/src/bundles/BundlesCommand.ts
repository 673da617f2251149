/**
 * `holdfast bundles apply|list|dissolve`: SKUs that are sold as one and made of others.
 *
 * Guarantee: a file is read and checked as a whole, in view of the bundles that are known, before anything is applied; any
 * problem, and nothing is. Bundles that it does not name stay as they are.
 */
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { bundlePlanOf, type WantedBundle } from "@holdfast/domain/BundlePlan"
import { Sku } from "@holdfast/domain/Identity"
import { readBundles } from "@holdfast/ledger/Bundles"
import { Database, query } from "@holdfast/ledger/Database"
import { Clock, Console, Effect, type Layer, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import { catalogueSource } from "../catalogue/CatalogueApply.ts"
import { LineProblems, refusedBy } from "../catalogue/LineProblems.ts"
import { dryRunFlag, jsonFlag, sourceFlag } from "../CommandFlags.ts"
import { stdoutStyle } from "../terminal/TerminalStyle.ts"
import { applyBundles } from "./BundleApply.ts"
import { readBundleFile } from "./BundleFile.ts"
import { bundlePlanText, bundlesText } from "./BundleText.ts"

export class NoBundle extends Schema.TaggedError<NoBundle>()("NoBundle", { sku: Schema.String }) {
  override get message(): string {
    return `${this.sku} is no bundle; "holdfast bundles list" shows which are`
  }
}

const planOf = Effect.fnUntraced(function* (what: string, wanted: ReadonlyArray<WantedBundle>) {
  const { sql } = yield* Database
  const book = yield* query(() => readBundles(sql))
  const plan = bundlePlanOf(wanted, book, yield* Clock.currentTimeMillis)
  if (plan.problems.length === 0) return plan
  const problems = new LineProblems()
  problems.addAll(plan.problems)
  return yield* refusedBy(what, problems)
})

const flags = {
  dryRun: dryRunFlag,
  source: sourceFlag(catalogueSource),
  json: jsonFlag
}

const apply = <E, R>(nats: Layer.Layer<NatsConnection, E, R>) =>
  Command.make(
    "apply",
    {
      file: Argument.File("file", { mustExist: true }).pipe(
        Argument.withDescription(
          "CSV with the columns bundle, component and quantity (1 when empty), a line per component"
        )
      ),
      ...flags
    },
    Effect.fn("BundlesCommand.apply")(function* ({ file, dryRun, source, json }) {
      const plan = yield* planOf(file, yield* readBundleFile(file))
      const published =
        dryRun || plan.changes.length === 0
          ? undefined
          : yield* Effect.provide(applyBundles(plan.changes, source), nats)
      const { changes, unchanged } = plan
      yield* Console.log(
        json
          ? JSON.stringify({ dryRun, changes, unchanged, published: published ?? null })
          : bundlePlanText(plan, published?.events)
      )
    })
  ).pipe(
    Command.withDescription("Say what bundles are made of; what the file says of a bundle is all that it is made of"),
    Command.withExamples([
      { command: "holdfast bundles apply bundles.csv --dry-run", description: "what would change" },
      { command: "holdfast bundles apply bundles.csv", description: "change it; the same file again changes nothing" }
    ])
  )

const dissolve = <E, R>(nats: Layer.Layer<NatsConnection, E, R>) =>
  Command.make(
    "dissolve",
    { bundle: Argument.String("bundle").pipe(Argument.withSchema(Sku)), ...flags },
    Effect.fn("BundlesCommand.dissolve")(function* ({ bundle, dryRun, source, json }) {
      const plan = yield* planOf(bundle, [{ bundle, components: [] }])
      if (plan.changes.length === 0) return yield* new NoBundle({ sku: bundle })
      const published = dryRun ? undefined : yield* Effect.provide(applyBundles(plan.changes, source), nats)
      yield* Console.log(
        json
          ? JSON.stringify({ dryRun, ...plan, published: published ?? null })
          : bundlePlanText(plan, published?.events)
      )
    })
  ).pipe(Command.withDescription("Sell a bundle no more: channels show none of it, its components stay as they are"))

const list = Command.make(
  "list",
  { json: jsonFlag },
  Effect.fn("BundlesCommand.list")(function* ({ json }) {
    const { sql } = yield* Database
    const book = yield* query(() => readBundles(sql))
    const bundles = [...book.skus].filter((sku) => book.isBundle(sku)).sort()
    const whole = bundles.map((sku) => ({ bundle: sku, ...book.definitionOf(sku) }))
    yield* Console.log(json ? JSON.stringify(whole, undefined, 2) : bundlesText(book, bundles, stdoutStyle()))
  })
).pipe(Command.withDescription("List the bundles, and what they are made of"))

/**
 * Needs `Database`.
 * @param nats connects when there is something to publish: a dry run needs no broker
 */
export const bundlesCommand = <E, R>(nats: Layer.Layer<NatsConnection, E, R>) =>
  Command.make("bundles").pipe(
    Command.withDescription("SKUs that are sold as one and made of others"),
    Command.withSubcommands([apply(nats), list, dissolve(nats)])
  )
