/**
 * `holdfast locations apply|list`: the places that hold stock, by name.
 *
 * Guarantee: a file is checked as a whole before anything is applied. A location that is not registered is not refused anywhere;
 * `holdfast checklist` points it out.
 */
import { Database, query } from "@holdfast/ledger/Database"
import { listLocations, saveLocations, unregisteredLocations, type LocationRow } from "@holdfast/ledger/Locations"
import { Console, Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { dryRunFlag, jsonFlag } from "../CommandFlags.ts"
import { stdoutStyle } from "../terminal/TerminalStyle.ts"
import { oneLine, timeText } from "../terminal/TerminalText.ts"
import { tableLines, type TextColumn } from "../terminal/TextTable.ts"
import { readLocationFile, type NamedLocation } from "./LocationFile.ts"

/** Unregistered locations that are named; more of them are no oversight of one. */
const unregisteredMax = 20

type Change = NamedLocation & { readonly kind: "new" | "changed"; readonly before?: string }

const changesOf = (wanted: ReadonlyArray<NamedLocation>, stored: ReadonlyArray<LocationRow>): ReadonlyArray<Change> => {
  const names = new Map(stored.map(({ id, name }) => [id, name]))
  return wanted.flatMap((location): ReadonlyArray<Change> => {
    const before = names.get(location.id)
    if (before === undefined) return [{ ...location, kind: "new" }]
    return before === location.name ? [] : [{ ...location, kind: "changed", before }]
  })
}

const changeColumns: ReadonlyArray<TextColumn<Change>> = [
  { title: "CHANGE", text: ({ kind }) => kind, left: true },
  { title: "LOCATION", text: ({ id }) => oneLine(id), left: true },
  {
    title: "NAME",
    text: ({ name, before }) => (before === undefined ? oneLine(name) : `${oneLine(before)} -> ${oneLine(name)}`),
    left: true
  }
]

const apply = Command.make(
  "apply",
  {
    file: Argument.File("file", { mustExist: true }).pipe(
      Argument.withDescription('CSV with the columns id and name, or JSON such as [{"id":"north","name":"North"}]')
    ),
    dryRun: dryRunFlag
  },
  Effect.fn("LocationsCommand.apply")(function* ({ file, dryRun }) {
    const { sql } = yield* Database
    const wanted = yield* readLocationFile(file)
    const changes = changesOf(wanted, yield* query(() => listLocations(sql)))
    if (!dryRun && changes.length > 0) yield* query(() => saveLocations(sql, changes))
    if (changes.length > 0) yield* Console.log(`${tableLines(changeColumns, changes, stdoutStyle()).join("\n")}\n`)
    const fresh = changes.filter(({ kind }) => kind === "new").length
    yield* Console.log(
      `new ${fresh}, changed ${changes.length - fresh}, unchanged ${wanted.length - changes.length}` +
        (dryRun && changes.length > 0 ? "; nothing was applied (dry run)" : "")
    )
  })
).pipe(Command.withDescription("Register locations, or give them other names; those that the file does not name stay"))

const columns: ReadonlyArray<TextColumn<LocationRow>> = [
  { title: "LOCATION", text: ({ id }) => oneLine(id), left: true },
  { title: "REGISTERED", text: ({ createdAt }) => timeText(createdAt), left: true },
  { title: "NAME", text: ({ name }) => oneLine(name), left: true }
]

const list = Command.make(
  "list",
  { json: jsonFlag },
  Effect.fn("LocationsCommand.list")(function* ({ json }) {
    const { sql } = yield* Database
    const rows = yield* query(() => listLocations(sql))
    const others = yield* query(() => unregisteredLocations(sql, unregisteredMax))
    if (json) return yield* Console.log(JSON.stringify({ locations: rows, unregistered: others }, undefined, 2))
    yield* Console.log(
      rows.length === 0
        ? "no location is registered; register some with: holdfast locations apply locations.csv"
        : tableLines(columns, rows, stdoutStyle()).join("\n")
    )
    if (others.length > 0)
      yield* Console.log(`\nnot registered, and stock is kept there: ${others.map(oneLine).join(", ")}`)
  })
).pipe(Command.withDescription("List the locations, and those that facts name and nobody registered"))

/** Needs `Database`. */
export const locationsCommand = Command.make("locations").pipe(
  Command.withDescription("The places that hold stock"),
  Command.withSubcommands([apply, list])
)
