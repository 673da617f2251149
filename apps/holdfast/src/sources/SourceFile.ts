/**
 * Reads a file of sources:
 *
 *     {
 *       "sources": [{ "source": "shop", "types": ["order.placed"], "silenceMinutes": 60, "note": "the web shop" }],
 *       "unused": [{ "types": ["transfer.dispatched", "transfer.received"], "note": "one warehouse" }]
 *     }
 *
 * Guarantee: what is returned does not contradict itself; an error names every field that is wrong.
 */
import { fieldErrorsOf } from "@holdfast/domain/EventManifest"
import { sourceContradictions, SourceFile } from "@holdfast/domain/SourceRegistry"
import { Effect, Result, Schema } from "effect"
import { fileText, readingFile } from "../catalogue/FileChunks.ts"

export class SourcesRefused extends Schema.TaggedError<SourcesRefused>()("SourcesRefused", {
  what: Schema.String,
  problems: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const { what, problems } = this
    return [`${what}: nothing was applied`, ...problems.map((problem) => `  ${problem}`)].join("\n")
  }
}

const decode = Schema.decodeUnknownResult(SourceFile, { errors: "all", onExcessProperty: "error" })

const problemsOf = (error: Schema.SchemaError): ReadonlyArray<string> =>
  fieldErrorsOf("", error).map(({ field, message }) => `${field === "" ? "file" : field.slice(1)}: ${message}`)

const parse = (text: string): Result.Result<unknown, string> => {
  try {
    return Result.succeed(JSON.parse(text))
  } catch (cause) {
    return Result.fail(`file: must be JSON: ${cause instanceof Error ? cause.message : cause}`)
  }
}

/** The file that this text is, or what is wrong with it. */
export const sourceFileOf = (text: string): Result.Result<SourceFile, ReadonlyArray<string>> => {
  const json = parse(text)
  if (Result.isFailure(json)) return Result.fail([json.failure])
  const file = decode(json.success)
  if (Result.isFailure(file)) return Result.fail(problemsOf(file.failure))
  const problems = sourceContradictions(file.success)
  return problems.length > 0 ? Result.fail(problems) : Result.succeed(file.success)
}

export const readSourceFile = Effect.fnUntraced(function* (path: string) {
  const file = sourceFileOf(yield* readingFile(path, () => fileText(path)))
  return Result.isFailure(file) ? yield* new SourcesRefused({ what: path, problems: file.failure }) : file.success
})
