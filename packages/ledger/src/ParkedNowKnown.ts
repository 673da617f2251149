/**
 * Facts that were parked because nobody knew their SKU, and whose SKU is known by now: as stock, or as a bundle.
 *
 * Guarantee: in the order in which they were parked, which is that of their arrival for each SKU. Facts of a SKU that is
 * quarantined are not among them, nor what was replayed or discarded. Rejects with what postgres.js threw.
 */
import { numberArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"
import type { WaitingMessage } from "./ParkedWaiting.ts"

/** Why they were parked. */
export const unknownSku = "unknown_sku"

export interface NowKnownFact extends WaitingMessage {
  readonly sku: string
  /** otherwise it is a bundle, and only what is about its components can be applied */
  readonly hasStock: boolean
}

/**
 * The waiting ones are found first, by the index of what waits: in the order of ids the planner would walk through all that was
 * ever parked.
 * @param except ids that are passed over
 */
export const parkedNowKnown = (
  sql: Sql,
  limit: number,
  except: Iterable<number>
): Promise<ReadonlyArray<NowKnownFact>> =>
  sql<Array<NowKnownFact>>`
    with waiting as materialized (
      select id, sku from parked
      where replayed_at is null and discarded_at is null and reason = ${unknownSku} and sku is not null),
    bundles as materialized (
      select distinct on (bundle) bundle, components from bundle_definition
      where bundle in (select sku from waiting) order by bundle, occurred_at desc, id desc),
    known as materialized (
      select id, exists (select 1 from stock_level l where l.sku = w.sku) as has_stock,
        exists (select 1 from bundles b where b.bundle = w.sku and jsonb_array_length(b.components) > 0) as is_bundle
      from waiting w
      where not exists (select 1 from quarantine q where q.sku = w.sku and not q.lifted)
        and id <> all(${numberArray([...except])}::bigint[])),
    due as materialized (select id, has_stock from known where has_stock or is_bundle order by id limit ${limit})
    select p.id, p.sku, due.has_stock as "hasStock", p.subject, p.headers, p.payload, p.traceparent,
      round(extract(epoch from p.stored_at) * 1000)::float8 as "storedAt", null as "replayedAt"
    from due join parked p using (id) order by id`
