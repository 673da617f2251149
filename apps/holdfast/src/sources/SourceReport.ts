/** Who emits what, and when it was heard last, by the database's rows and this process's clock. */
import { emittersOf } from "@holdfast/domain/SourceRegistry"
import { Database, query } from "@holdfast/ledger/Database"
import { loadRegistry, loadSeen } from "@holdfast/ledger/EventSources"
import { Clock, Effect } from "effect"

export const sourceReport = Effect.fn("SourceReport.sourceReport")(function* () {
  const { sql } = yield* Database
  const [registry, seen] = yield* query(() => Promise.all([loadRegistry(sql), loadSeen(sql)]))
  const now = yield* Clock.currentTimeMillis
  return { now, emitters: emittersOf(registry, seen, now) }
})
