/**
 * What bundles are made of, for whoever asks: the definitions in PostgreSQL, kept in memory and read on.
 *
 * Guarantee: what is known is what ingest wrote until `refreshMillis` and one read ago; while the database is away it is what was
 * known before. It writes nothing.
 */
import { BundleBook } from "@holdfast/domain/Bundle"
import type { Sku } from "@holdfast/domain/Identity"
import { Context, Effect, Layer, Schedule } from "effect"
import { readDefinitions } from "./BundleDefinitions.ts"
import { Database, query, type Sql } from "./Database.ts"

/**
 * Milliseconds between two reads: one look at the end of an index. Bundles change a few times a day; a second is what a person
 * who changes one does not notice.
 */
const refreshMillis = 1_000

/** Further attempts of the first read: a database may start later than we. */
const firstReadsMax = 30

export interface KnownBundles {
  readonly book: BundleBook
  /** Reads what was written since. @returns bundles that are made of something else now. Rejects with what postgres.js threw */
  readonly refresh: () => Promise<ReadonlySet<Sku>>
}

const reading = (sql: Sql): KnownBundles => {
  const book = new BundleBook()
  let last = 0
  const refresh = async (): Promise<ReadonlySet<Sku>> => {
    const rows = await readDefinitions(sql, last)
    const changed = new Set<Sku>()
    for (const row of rows) {
      book.hear(row)
      last = row.serial
      changed.add(row.bundle)
      for (const bundle of book.bundlesOf(row.bundle)) changed.add(bundle)
    }
    return changed
  }
  return { book, refresh }
}

const make = Effect.gen(function* () {
  const { sql } = yield* Database
  const known = reading(sql)
  const listeners = new Set<(changed: ReadonlySet<Sku>) => void>()
  yield* query(known.refresh).pipe(Effect.retry({ schedule: Schedule.spaced(refreshMillis), times: firstReadsMax }))
  const refresh = Effect.map(query(known.refresh), (changed) => {
    if (changed.size > 0) for (const listener of listeners) listener(changed)
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(refreshMillis), Effect.ignore(refresh))))
  return {
    book: known.book,
    /** Calls for every change from now on; must not throw. */
    onChange: (listener: (changed: ReadonlySet<Sku>) => void): void => void listeners.add(listener)
  }
})

export class Bundles extends Context.Service<Bundles, Effect.Success<typeof make>>()("@holdfast/ledger/Bundles") {
  /** Fails when they cannot be read at first. */
  static readonly layer = Layer.effect(Bundles, make)
}

/** What is known now, for a command that ends at once. Rejects with what postgres.js threw. */
export const readBundles = async (sql: Sql): Promise<BundleBook> => {
  const known = reading(sql)
  await known.refresh()
  return known.book
}
