/**
 * Folds the ledger anew and compares it with the state that is stored: the check behind `holdfast verify`.
 *
 * Guarantee: an empty list of findings means that every level is the sum of its ledger rows, versions have no gap, open
 * holds and lines of documents are what the ledger says, the lines of a reservation of several began and ended as one, no
 * event was applied twice, and no grant went beyond what was available at its place in the SKU's history. It shares no code with the rules: the fold is done by the database. Run it on a quiet
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
  /** units oversold now, over all SKUs and locations, beyond what their allowances cover */
  readonly oversoldUnits: number
  readonly findings: ReadonlyArray<Finding>
}

/** Checks by name. Each selects one text per disagreement. */
const checks: Readonly<Record<string, string>> = {
  "levels are the fold of the ledger": `
    with fold as (
      select sku, location_id, max(version) as version, concat_ws('/', sum(on_hand), sum(committed), sum(held),
        coalesce(sum(receiving), 0), coalesce(sum(inspection), 0), coalesce(sum(damaged), 0), coalesce(sum(quality), 0),
        coalesce(sum(incoming), 0), coalesce(sum(in_transit), 0), coalesce(sum(safety_stock), 0), max(version)) as units
      from ledger group by sku, location_id),
    state as (
      select sku, location_id, concat_ws('/', on_hand, committed, held, receiving, inspection, damaged, quality, incoming,
        in_transit, safety_stock, version) as units
      from stock_level)
    select coalesce(f.sku, s.sku) || ' at ' || coalesce(f.location_id, s.location_id) || ': ledger ' || coalesce(f.units, 'nothing')
      || ', state ' || coalesce(s.units, 'nothing')
    from fold f full join state s using (sku, location_id) where f.units is distinct from s.units`,
  "counts and safety stocks are the last that the ledger says of them": `
    with last as (
      select sku, location_id, max(counted_at) as counted_at, max(safety_stock_at) as safety_stock_at from ledger
      group by sku, location_id)
    select s.sku || ' at ' || s.location_id from stock_level s left join last l using (sku, location_id)
    where (s.counted_at, s.safety_stock_at) is distinct from (l.counted_at, l.safety_stock_at)`,
  "versions of a SKU have no gap and no double": `
    select sku || ': ' || count(*) || ' changes up to version ' || max(version) from ledger
    group by sku having count(*) <> max(version) or count(distinct version) <> count(*)`,
  "held units are the open holds": `
    with open as (select sku, location_id, sum(quantity) held from hold where ended is null group by sku, location_id)
    select coalesce(o.sku, s.sku) || ' at ' || coalesce(o.location_id, s.location_id)
    from open o full join stock_level s using (sku, location_id) where coalesce(o.held, 0) <> coalesce(s.held, 0)`,
  "every hold began once and ended at most once": `
    with history as (
      select reservation_id, kind, held, sum(held) over (partition by reservation_id order by version) as still
      from ledger where reservation_id is not null)
    select reservation_id from history group by reservation_id
    having count(*) filter (where kind = 'reservation.granted') <> 1 or count(*) filter (where still <= 0) > 1 or min(still) < 0
      or count(*) filter (where still > 0 and kind in ('reservation.consumed', 'reservation.released', 'reservation.expired')) > 0`,
  "holds are what the ledger says of them": `
    with history as (
      select reservation_id, version, kind, held, expires_at, sum(held) over (partition by reservation_id order by version) as still
      from ledger where reservation_id is not null),
    said as (
      select reservation_id, sum(held) as held, max(substr(kind, 13)) filter (where still = 0) as ended,
        (array_agg(expires_at order by version desc) filter (where expires_at is not null))[1] as expires_at
      from history group by reservation_id)
    select coalesce(h.reservation_id, s.reservation_id) from hold h full join said s using (reservation_id)
    where h.reservation_id is null or s.reservation_id is null or h.ended is distinct from s.ended or h.expires_at <> s.expires_at
      or (h.ended is null and h.quantity <> s.held)`,
  "lines of one reservation end as one": `
    with line as (
      select h.*, g.status, g.ended as group_ended, g.settled, g.attempt, substr(h.reservation_id, 39) as place
      from hold h left join reservation_group g on g.id = substr(h.reservation_id, 6, 32)::uuid
      where h.reservation_id like 'r__-g%')
    select reservation_id || ': ' || coalesce(ended, 'open') || ', group ' || coalesce(group_ended, status, 'unknown') from line
    where (ended is null and coalesce(settled, true))
      or (ended = 'confirmed' and status is not null and group_ended is distinct from 'confirmed')
      or (ended in ('released', 'expired') and status = 'granted' and coalesce(group_ended, 'confirmed') = 'confirmed'
        and split_part(place, '-', 1)::int = attempt)`,
  "a granted reservation held all that it says": `
    with line as (
      select g.id, g.attempt, (t.line ->> 0) as sku, (t.line ->> 3)::int as granted, t.n - 1 as n
      from reservation_group g, json_array_elements(g.lines::json) with ordinality as t(line, n) where g.status = 'granted')
    select encode(uuid_send(line.id), 'hex') || ': ' || line.sku from line left join ledger l on l.sku = line.sku
      and l.kind = 'reservation.granted' and replace(substr(l.reservation_id, 5), '-guard', '') = 'g' || encode(uuid_send(line.id), 'hex') || '-' || attempt || '-' || n
    where line.granted <> coalesce(l.held, 0)`,
  "document lines are the last that the ledger says of them": `
    with said as (
      select document_id, sku, line, version, case when kind like 'transfer.%' then 'transfer'
        when kind in ('purchase.ordered', 'goods.received') then 'purchase' else 'order' end as kind
      from ledger where line is not null),
    last as (select distinct on (document_id, sku, kind) * from said order by document_id, sku, kind, version desc)
    select coalesce(l.kind, d.kind) || ' ' || coalesce(l.document_id, d.document_id) || ' ' || coalesce(l.sku, d.sku)
    from last l full join document_line d using (document_id, sku, kind) where l.line is distinct from d.line`,
  "committed units are the open order lines": `
    with open as (select sku, sum(open) as committed from document_line where kind = 'order' group by sku),
    said as (select sku, sum(committed) as committed from stock_level group by sku)
    select s.sku || ': committed ' || s.committed || ', open lines ' || coalesce(o.committed, 0)
    from said s left join open o using (sku) where s.committed <> coalesce(o.committed, 0)`,
  "an order's open units are what the ledger committed for it": `
    with said as (
      select document_id, sku, sum(committed) as open from ledger where document_id is not null and committed <> 0 group by document_id, sku)
    select d.document_id || ' ' || d.sku || ': open ' || d.open || ', committed ' || coalesce(s.open, 0)
    from document_line d left join said s using (document_id, sku) where d.kind = 'order' and d.open <> coalesce(s.open, 0)`,
  "units in transit and incoming are the open lines of transfers and purchases": `
    with open as (select sku, coalesce(sum(open) filter (where kind = 'transfer'), 0) as in_transit,
        coalesce(sum(open) filter (where kind = 'purchase'), 0) as incoming from document_line group by sku),
    said as (select sku, sum(in_transit) as in_transit, sum(incoming) as incoming from stock_level group by sku)
    select s.sku || ': in transit ' || s.in_transit || ', incoming ' || s.incoming from said s left join open o using (sku)
    where (s.in_transit, s.incoming) is distinct from (coalesce(o.in_transit, 0), coalesce(o.incoming, 0))`,
  "terms of sale are the last that the ledger says of them": `
    with last as (select distinct on (sku) sku, terms from ledger where terms is not null order by sku, version desc)
    select coalesce(l.sku, s.sku) from last l full join sku_terms s using (sku) where l.terms is distinct from s.terms`,
  "units that a channel holds are its open holds": `
    with said as (
      select s.sku, a ->> 'channel' as channel, (a ->> 'held')::int as held from sku_terms s, json_array_elements(s.terms::json -> 'allotments') a
      where a -> 'quota' ->> 'units' is not null or a -> 'ringFence' ->> 'units' is not null),
    open as (select sku, channel, sum(quantity) as held from hold where ended is null and channel is not null group by sku, channel)
    select s.sku || ' for ' || s.channel || ': held ' || s.held || ', open holds ' || coalesce(o.held, 0)
    from said s left join open o using (sku, channel) where s.held <> coalesce(o.held, 0)`,
  "no event was applied twice": `
    select cause_key::text from ledger where cause_key is not null group by cause_key having count(*) > 1`,
  "no grant went beyond what was available": `
    select sku || ' version ' || version from (
      select sku, version, kind, held,
        coalesce(sum(on_hand - committed - held - coalesce(receiving, 0) - coalesce(inspection, 0) - coalesce(damaged, 0)
          - coalesce(quality, 0) - coalesce(safety_stock, 0)) over (
          partition by sku, location_id order by version rows between unbounded preceding and 1 preceding), 0) available
      from ledger) history
    where kind = 'reservation.granted' and held > available
      and not exists (select 1 from sku_terms s where s.sku = history.sku)`,
  "no grant went beyond what was available and allowed": `
    select g.sku || ' version ' || g.version from ledger g join sku_terms using (sku), lateral (
      select coalesce(sum(at.units) filter (where at.location_id = g.location_id), 0) as here,
        coalesce(sum(greatest(0, -at.units)), 0) as used from (
          select location_id, sum(on_hand - committed - held - coalesce(receiving, 0) - coalesce(inspection, 0)
            - coalesce(damaged, 0) - coalesce(quality, 0) - coalesce(safety_stock, 0)) as units
          from ledger l where l.sku = g.sku and l.version < g.version group by location_id) as at) as before, lateral (
      select coalesce((select (terms::json -> 'backorder' ->> 'limit')::int from ledger l
        where l.sku = g.sku and l.version < g.version and l.terms is not null order by l.version desc limit 1), 0) as allowed) as term
    where g.kind = 'reservation.granted' and g.held > greatest(here, case when allowed > 0 then 0 else here end)
      + greatest(0, allowed - used)`
}

/** Most examples listed per finding. */
const examplesMax = 5

/** Folding a large ledger takes minutes; the limit is for queries that hang. */
const verifyTimeout = "30min"

const summarySql = `
  select (select count(*) from ledger) as changes, (select count(distinct sku) from stock_level) as skus,
    (select count(*) from hold where ended is null) as open_holds,
    (select coalesce(sum(greatest(0, units - coalesce((terms::json -> 'backorder' ->> 'limit')::int, 0))), 0) from (
      select sku, sum(greatest(0, committed + held - on_hand + receiving + inspection + damaged + quality)) as units
      from stock_level group by sku) as short left join sku_terms using (sku)) as oversold`

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
