/**
 * Reads a file of locations: CSV with the columns `id` and `name`, or JSON, an array of `{"id":"north","name":"North"}`.
 *
 * Guarantee: what is returned is inside the limits and names no location twice; otherwise there are problems, each with its
 * line (of JSON: its place in the array, from 1).
 */
import { fieldErrorsOf } from "@holdfast/domain/EventManifest"
import { LocationId, Note } from "@holdfast/domain/Identity"
import { Effect, Result, Schema } from "effect"
import { readCsvRecords } from "./CsvRecords.ts"
import { fileChunks, fileText, readingFile } from "./FileChunks.ts"
import { LineProblems, refusedBy } from "./LineProblems.ts"

const Location = Schema.Struct({ id: LocationId, name: Schema.optionalKey(Note) }).annotate({
  messageUnexpectedKey: "is not known: fields are id, name"
})

export interface NamedLocation {
  readonly id: LocationId
  /** the id, when the file says none */
  readonly name: string
}

const decode = Schema.decodeUnknownResult(Location, { errors: "all", onExcessProperty: "error" })

class LocationReader {
  readonly problems = new LineProblems()
  readonly locations: Array<NamedLocation> = []
  private readonly lines = new Map<LocationId, number>()

  add(line: number, value: unknown): void {
    const decoded = decode(value)
    if (Result.isFailure(decoded)) {
      for (const { field, message } of fieldErrorsOf("", decoded.failure)) {
        const name = field.slice(1)
        const written = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : value
        this.problems.add(line, name === "" ? "line" : name, message, written)
      }
      return
    }
    const { id, name = id } = decoded.success
    const earlier = this.lines.get(id)
    if (earlier !== undefined) this.problems.add(line, "id", `must be there once, it is on line ${earlier} already`, id)
    this.lines.set(id, line)
    this.locations.push({ id, name })
  }

  addJson(text: string): void {
    try {
      const json: unknown = JSON.parse(text)
      if (!Array.isArray(json))
        return this.problems.add(1, "file", 'must be an array such as [{"id":"north","name":"North"}]')
      json.forEach((value, i) => this.add(i + 1, value))
    } catch (cause) {
      this.problems.add(1, "file", `must be JSON: ${cause instanceof Error ? cause.message : cause}`)
    }
  }
}

const read = async (path: string): Promise<LocationReader> => {
  const reader = new LocationReader()
  if (/\.json(\.gz)?$/i.test(path)) reader.addJson(await fileText(path))
  else
    await readCsvRecords(
      fileChunks(path),
      { required: ["id"], optional: ["name"] },
      reader.problems,
      ({ line, cells }) => reader.add(line, Object.fromEntries(cells))
    )
  return reader
}

export const readLocationFile = Effect.fnUntraced(function* (path: string) {
  const { locations, problems } = yield* readingFile(path, () => read(path))
  return problems.count > 0 ? yield* refusedBy(path, problems) : locations
})
