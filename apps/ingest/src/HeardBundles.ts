/**
 * What bundles are made of, as it was heard before ingest goes on.
 *
 * Guarantee: exactly what was heard up to the position, and no word of what comes behind it, though it may be stored already: that is
 * heard again when its event is read. Of events that EVENTS no longer has, and of an EVENTS stream before this one, everything was heard.
 * So the same events are about the same components after every restart, and for whoever reads them beside it.
 */
import { BundleBook } from "@holdfast/domain/Bundle"
import { readDefinitions, type StoredDefinition } from "@holdfast/ledger/BundleDefinitions"
import type { Sql } from "@holdfast/ledger/Database"
import type { StartPosition } from "./Position.ts"

type Heard = Pick<StartPosition, "sequence" | "eventsCreated" | "firstEventSequence">

/** @param rows in the order in which they were written */
export const bookOf = (
  rows: ReadonlyArray<StoredDefinition>,
  { sequence, eventsCreated, firstEventSequence }: Heard
): BundleBook => {
  const book = new BundleBook()
  const heard = Math.max(sequence, firstEventSequence - 1)
  for (const row of rows) if (row.streamCreated !== eventsCreated || row.sequence <= heard) book.hear(row)
  return book
}

/** Rejects with what postgres.js threw. */
export const heardBundles = async (sql: Sql, position: Heard): Promise<BundleBook> =>
  bookOf(await readDefinitions(sql), position)
