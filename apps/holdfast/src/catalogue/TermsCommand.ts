/**
 * `holdfast catalogue terms`: on what terms SKUs are sold, from a file.
 *
 * Guarantee: a file is read and checked as a whole before anything is published; any problem, and nothing is. What the file does not name
 * keeps its terms.
 */
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { Console, Effect, type Layer } from "effect"
import { Argument, Command } from "effect/cli"
import { dryRunFlag, jsonFlag, sourceFlag } from "../CommandFlags.ts"
import { stdoutStyle } from "../terminal/TerminalStyle.ts"
import { catalogueSource } from "./CatalogueApply.ts"
import { fileChunks, readingFile } from "./FileChunks.ts"
import { refusedBy } from "./LineProblems.ts"
import { applyTerms, planTerms } from "./TermsApply.ts"
import { readTermsCsv } from "./TermsReader.ts"
import { termsPlanText, termsPublishedText } from "./TermsText.ts"

const read = Effect.fnUntraced(function* (path: string) {
  const { lines, problems } = yield* readingFile(path, () => readTermsCsv(fileChunks(path)))
  return problems.count > 0 ? yield* refusedBy(path, problems) : lines
})

/**
 * Needs `Database`.
 * @param nats connects when there is something to publish: a dry run needs no broker
 */
export const termsCommand = <E, R>(nats: Layer.Layer<NatsConnection, E, R>) =>
  Command.make(
    "terms",
    {
      file: Argument.File("file", { mustExist: true }).pipe(
        Argument.withDescription(
          "CSV with the columns sku, channel, quota, ring_fence; or sku, backorder_limit, kind, expected_at"
        )
      ),
      dryRun: dryRunFlag,
      source: sourceFlag(catalogueSource),
      json: jsonFlag
    },
    Effect.fn("TermsCommand.terms")(function* ({ file, dryRun, source, json }) {
      const plan = yield* planTerms(yield* read(file))
      const { changes, unchanged } = plan
      if (!json) yield* Console.log(termsPlanText(plan, stdoutStyle()))
      const published =
        dryRun || changes.length === 0 ? undefined : yield* Effect.provide(applyTerms(plan, source), nats)
      yield* Console.log(
        json
          ? JSON.stringify({ dryRun, changed: changes.length, unchanged, changes, published: published ?? null })
          : termsPublishedText(plan, published)
      )
    })
  ).pipe(
    Command.withDescription(
      "Set quotas, ring-fences and what may be promised beyond what is there; an empty cell keeps what is set, - lifts it"
    ),
    Command.withExamples([
      { command: "holdfast catalogue terms terms.csv --dry-run", description: "what would change" },
      { command: "holdfast catalogue terms terms.csv", description: "change it; the same file again changes nothing" }
    ])
  )
