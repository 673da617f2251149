/**
 * Folds the ledger anew and compares it with the state that is stored: the check behind `holdfast verify`.
 *
 * Guarantee: an empty list of findings means that every level is the sum of its ledger rows, versions have no gap, open
 * holds and order lines are what the ledger says, no event was applied twice, and no grant went beyond what was available
 * at its place in the SKU's history. It shares no code with the rules: the fold is done by the database. Run it on a quiet
 * or a busy system alike: all checks read one snapshot.
 */
import type { Effect } from "effect"
import type { Sql } from "./Database.ts"
import { query } from "./Database.ts"
import type { LedgerError } from "./LedgerError.ts"

/** One way in which state and ledger disagree. `count` rows, of which `examples` names some. */
export interface Finding {
  readonly check: string
  readonly count: number
  readonly examples: ReadonlyArray<string>
}

export interface VerifyReport {
  readonly changes: number
  readonly skus: number
  readonly openHolds: number
  /** units oversold now, over all SKUs and locations */
  readonly oversoldUnits: number
  readonly findings: ReadonlyArray<Finding>
}

/** Checks by name. Each selects one text per disagreement. */
const checks: Readonly<Record<string, string>> = {
  "levels are the fold of the ledger": `
    with fold as (
      select sku, location_id, sum(on_hand) on_hand, sum(committed) committed, sum(held) held, max(version) as version
      from ledger group by sku, location_id)
    select coalesce(f.sku, s.sku) || ' at ' || coalesce(f.location_id, s.location_id) || ': ledger ' ||
      concat_ws('/', f.on_hand, f.committed, f.held, f.version) || ', state ' ||
      concat_ws('/', s.on_hand, s.committed, s.held, s.version)
    from fold f full join stock_level s using (sku, location_id)
    where (f.on_hand, f.committed, f.held, f.version) is distinct from (s.on_hand, s.committed, s.held, s.version)`,
  "versions of a SKU have no gap and no double": `
    select sku || ': ' || count(*) || ' changes up to version ' || max(version) from ledger
    group by sku having count(*) <> max(version) or count(distinct version) <> count(*)`,
  "held units are the open holds": `
    with open as (select sku, location_id, sum(quantity) held from hold where ended is null group by sku, location_id)
    select coalesce(o.sku, s.sku) || ' at ' || coalesce(o.location_id, s.location_id)
    from open o full join stock_level s using (sku, location_id) where coalesce(o.held, 0) <> coalesce(s.held, 0)`,
  "every hold began once and ended at most once": `
    select reservation_id from ledger where reservation_id is not null group by reservation_id
    having count(*) filter (where kind = 'reservation.granted') <> 1
      or count(*) filter (where kind <> 'reservation.granted') > 1`,
  "holds are what the ledger says of them": `
    with said as (
      select reservation_id, max(substr(kind, 13)) filter (where kind <> 'reservation.granted') ended
      from ledger where reservation_id is not null group by reservation_id)
    select coalesce(h.reservation_id, s.reservation_id) from hold h full join said s using (reservation_id)
    where h.reservation_id is null or s.reservation_id is null or h.ended is distinct from s.ended`,
  "order lines are the last that the ledger says of them": `
    with last as (
      select distinct on (order_id, sku, location_id) order_id, sku, location_id, line_open, line_confirmed_ahead,
        line_cancelled_ahead
      from ledger where line_open is not null order by order_id, sku, location_id, version desc)
    select coalesce(l.order_id, o.order_id) || ' ' || coalesce(l.sku, o.sku)
    from last l full join order_line o using (order_id, sku, location_id)
    where (l.line_open, l.line_confirmed_ahead, l.line_cancelled_ahead)
      is distinct from (o.open, o.confirmed_ahead, o.cancelled_ahead)`,
  "committed units are the open order lines": `
    with open as (select sku, location_id, sum(open) committed from order_line group by sku, location_id)
    select s.sku || ' at ' || s.location_id || ': committed ' || s.committed || ', open lines ' || coalesce(o.committed, 0)
    from stock_level s left join open o using (sku, location_id) where s.committed <> coalesce(o.committed, 0)`,
  "no event was applied twice": `
    select cause_key::text from ledger where cause_key is not null group by cause_key having count(*) > 1`,
  "no grant went beyond what was available": `
    select sku || ' version ' || version from (
      select sku, version, kind, held,
        coalesce(sum(on_hand - committed - held) over (
          partition by sku, location_id order by version rows between unbounded preceding and 1 preceding), 0) available
      from ledger) history
    where kind = 'reservation.granted' and held > available`
}

/** Most examples listed per finding. */
const examplesMax = 5

/** Folding a large ledger takes minutes; the limit is for queries that hang. */
const verifyTimeout = "30min"

const summarySql = `
  select (select count(*) from ledger) as changes, (select count(distinct sku) from stock_level) as skus,
    (select count(*) from hold where ended is null) as open_holds,
    (select coalesce(sum(greatest(0, committed + held - on_hand)), 0) from stock_level) as oversold`

const run = (sql: Sql): Promise<VerifyReport> =>
  sql.begin("isolation level repeatable read read only", async (transaction) => {
    await transaction.unsafe(`set local statement_timeout = '${verifyTimeout}'`)
    const findings: Array<Finding> = []
    for (const [check, select] of Object.entries(checks)) {
      const rows = await transaction.unsafe(
        `select count(*)::int as count, (array_agg(found))[1:${examplesMax}] as examples from (${select}) as t(found)`
      )
      const { count, examples } = rows[0] as unknown as { count: number; examples: ReadonlyArray<string> | null }
      if (count > 0) findings.push({ check, count, examples: examples ?? [] })
    }
    const [row] = await transaction.unsafe(summarySql)
    const [changes, skus, openHolds, oversoldUnits] = ["changes", "skus", "open_holds", "oversold"].map((name) =>
      Number(row![name])
    )
    return { changes: changes!, skus: skus!, openHolds: openHolds!, oversoldUnits: oversoldUnits!, findings }
  }) as Promise<VerifyReport>

/** Runs every check in one snapshot. Fails with `LedgerError` when the database does not answer. */
export const verify = (sql: Sql): Effect.Effect<VerifyReport, LedgerError> => query(() => run(sql))

/** Names of the checks, in the order in which they run. */
export const verifyChecks: ReadonlyArray<string> = Object.keys(checks)
