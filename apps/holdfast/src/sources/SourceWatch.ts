/**
 * Remembers when each source was heard last, for whoever asks whether one has gone silent.
 *
 * Guarantee: the way of an event is not delayed: it is counted in memory, and written every few seconds in one statement. A crash
 * loses these seconds; an event that ingest reads again after a restart is counted again. So `events` is a rough number, and last
 * seen is a few seconds behind. It raises no alert.
 */
import type { IngestedEvent } from "@holdfast/ingest/Ingest"
import { Database, query } from "@holdfast/ledger/Database"
import { recordSeen } from "@holdfast/ledger/EventSources"
import { Context, Effect, Layer } from "effect"
import { SourceTally } from "./SourceTally.ts"

/** Between two writes: a silence is minutes long, and one statement in so many seconds costs nothing. */
const writeEvery = "3 seconds"

/** How long the end of the process waits for the last one. */
const lastWrite = "2 seconds"

const make = Effect.gen(function* () {
  const { sql } = yield* Database
  const tally = new SourceTally()
  let isFailing = false
  const write = Effect.gen(function* () {
    const rows = tally.take()
    yield* query(() => recordSeen(sql, rows)).pipe(
      Effect.tapError(() => Effect.sync(() => rows.forEach((row) => tally.addRow(row))))
    )
    isFailing = false
  }).pipe(
    Effect.catch((error) => {
      const isNews = !isFailing
      isFailing = true
      return isNews
        ? Effect.logWarning(`when sources were heard is not written, and tried again: ${error.message}`)
        : Effect.void
    })
  )
  yield* Effect.addFinalizer(() => Effect.timeoutOption(write, lastWrite))
  yield* write.pipe(Effect.delay(writeEvery), Effect.forever, Effect.forkScoped)
  /** To be called for every event that ingest is done with. Never throws. */
  return { observe: (event: IngestedEvent): void => tally.add(event) }
})

export class SourceWatch extends Context.Service<SourceWatch, Effect.Success<typeof make>>()(
  "@holdfast/holdfast/SourceWatch"
) {
  static readonly layer = Layer.effect(SourceWatch, make)
}
