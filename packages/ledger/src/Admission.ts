/**
 * What a batch of decisions needs to know before it is made: which events were seen, which requests were answered, the
 * state of SKUs that are not at hand, the order lines that are named.
 *
 * Guarantee: read in one statement, as of after the last commit of the same partition's owner,
 * who is the only writer. Nothing is locked: the fence of the commit makes a stale read harmless.
 */
import type { LocationId, OrderId, ReservationId, Sku } from "@holdfast/domain/Identity"
import { emptyState, type Hold, type HoldEnd, type OrderLine, type StockState } from "@holdfast/domain/StockState"
import { textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

/** What is asked. */
export interface AdmissionQuery {
  readonly eventKeys: ReadonlyArray<string>
  readonly requestKeys: ReadonlyArray<string>
  /** SKUs whose state is not at hand */
  readonly skus: ReadonlyArray<string>
  readonly lines: ReadonlyArray<{ readonly sku: string; readonly orderId: string }>
}

/** A state as it is stored, with the version of each level's row, in the order of `state.levels`. */
export interface StoredState {
  readonly state: StockState
  readonly levelVersions: Array<number>
  readonly quarantined: boolean
}

export interface StoredAnswer {
  readonly body: string
  readonly answer: string
}

export interface StoredHold {
  readonly sku: string
  readonly hold: Hold
  readonly ended: HoldEnd | null
}

export interface AdmissionResult {
  /** the database's clock, milliseconds since the epoch */
  readonly now: number
  readonly seen: ReadonlySet<string>
  readonly answers: ReadonlyMap<string, StoredAnswer>
  readonly states: ReadonlyMap<string, StoredState>
  readonly lines: ReadonlyArray<{ readonly sku: string; readonly line: OrderLine }>
}

/** How far back a repetition is looked for: a message stays in EVENTS for 7 days and in STOCK for 8. */
const repetitionWindow = "16 days"

/**
 * One row of the answer: all parts come in one statement, since each of its own is another write, another wake-up of the
 * server, and another turn of the event loop.
 */
interface Row {
  readonly part: "clock" | "seen" | "answer" | "level" | "hold" | "stopped" | "line"
  readonly a: string
  readonly b: string
  readonly c: string
  readonly d: string | null
  readonly e: string | null
  readonly i: number
  readonly j: number
  readonly k: number
  readonly l: number
}

/** Reads what `asked` names. Rejects with what postgres.js threw. */
export const admit = async (sql: Sql, asked: AdmissionQuery): Promise<AdmissionResult> => {
  const rows = await sql<Array<Row>>`
    select 'clock' as part, null as a, null as b, null as c, null as d, null as e,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as i, 0::float8 as j, 0::float8 as k, 0::float8 as l
    ${seenPart(sql, asked.eventKeys)} ${answerPart(sql, asked.requestKeys)} ${statePart(sql, asked.skus)} ${linePart(sql, asked.lines)}`
  const of = (part: Row["part"]): ReadonlyArray<Row> => rows.filter((row) => row.part === part)
  const states = statesOf(asked.skus, of("stopped"))
  for (const row of of("level")) addLevel(states.get(row.a)!, row)
  for (const row of of("hold")) addHold(states.get(row.b)!.state, storedHoldOf(row).hold)
  return {
    now: Math.floor(of("clock")[0]!.i),
    seen: new Set(of("seen").map(({ a }) => a)),
    answers: new Map(of("answer").map(({ a, b, c }) => [a, { body: b, answer: c }])),
    states,
    lines: of("line").map((row) => ({ sku: row.a, line: lineOf(row) }))
  }
}

const seenPart = (sql: Sql, keys: ReadonlyArray<string>) =>
  keys.length === 0
    ? sql``
    : sql`
  union all select 'seen', encode(uuid_send(cause_key), 'hex'), null, null, null, null, 0, 0, 0, 0 from ledger
  where committed_at > now() - ${repetitionWindow}::interval and committed_at < now() + interval '1 hour'
    and cause_key = any(${textArray(keys)}::uuid[])`

const answerPart = (sql: Sql, keys: ReadonlyArray<string>) =>
  keys.length === 0
    ? sql``
    : sql`
  union all select 'answer', encode(uuid_send(key), 'hex'), encode(uuid_send(body), 'hex'), answer, null, null, 0, 0, 0, 0
  from request_answer where key = any(${textArray(keys)}::uuid[])`

const statePart = (sql: Sql, wanted: ReadonlyArray<string>) => {
  if (wanted.length === 0) return sql``
  const skus = textArray(wanted)
  return sql`
  union all select 'stopped', sku, null, null, null, null, 0, 0, 0, 0 from quarantine
  where not lifted and sku = any(${skus}::text[])
  union all select 'level', sku, location_id, null, null, null, on_hand, committed, held, version from stock_level
  where sku = any(${skus}::text[])
  union all select 'hold', reservation_id, sku, location_id, order_id, ended, quantity, extract(epoch from expires_at) * 1000, 0, 0
  from hold where ended is null and sku = any(${skus}::text[])`
}

const linePart = (sql: Sql, lines: AdmissionQuery["lines"]) =>
  lines.length === 0
    ? sql``
    : sql`
  union all select 'line', l.sku, l.order_id, l.location_id, null, null, l.open, l.confirmed_ahead, l.cancelled_ahead, 0
  from (select unnest(${textArray(lines.map((l) => l.orderId))}::text[]) as order_id, unnest(${textArray(lines.map((l) => l.sku))}::text[]) as sku) as t
  join order_line l on l.order_id = t.order_id and l.sku = t.sku`

/** Reservations by id, open or ended: which SKU they are of, and how they ended. */
export const findHolds = async (sql: Sql, ids: ReadonlyArray<string>): Promise<ReadonlyMap<string, StoredHold>> => {
  const rows = await sql<Array<Row>>`
    select 'hold' as part, reservation_id as a, sku as b, location_id as c, order_id as d, ended as e, quantity::float8 as i,
      (extract(epoch from expires_at) * 1000)::float8 as j
    from hold where reservation_id = any(${textArray(ids)}::text[])`
  return new Map(rows.map((row) => [row.a, storedHoldOf(row)]))
}

const lineOf = ({ b, c, i, j, k }: Row): OrderLine => ({
  orderId: b as OrderId,
  locationId: c as LocationId,
  open: i,
  confirmedAhead: j,
  cancelledAhead: k
})

const storedHoldOf = ({ a, b, c, d, e, i, j }: Row): StoredHold => {
  const hold = { reservationId: a as ReservationId, locationId: c as LocationId, quantity: i, expiresAt: Math.round(j) }
  return { sku: b, hold: d === null ? hold : { ...hold, orderId: d as OrderId }, ended: e as HoldEnd | null }
}

const statesOf = (skus: ReadonlyArray<string>, stopped: ReadonlyArray<Row>): Map<string, StoredState> => {
  const quarantined = new Set(stopped.map(({ a }) => a))
  return new Map(
    skus.map((sku) => [sku, { state: emptyState(sku as Sku), levelVersions: [], quarantined: quarantined.has(sku) }])
  )
}

const addLevel = (stored: StoredState, { b, i, j, k, l: version }: Row): void => {
  stored.state.levels.push({ locationId: b as LocationId, onHand: i, committed: j, held: k })
  stored.levelVersions.push(version)
  // every change touches one level and bears the SKU's version, so that the newest level bears the SKU's own
  stored.state.version = Math.max(stored.state.version, version)
}

const addHold = (state: StockState, hold: Hold): void => {
  state.holds.set(hold.reservationId, hold)
  state.expiry.add(hold.reservationId, hold.expiresAt)
}
