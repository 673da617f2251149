/**
 * What a batch of decisions needs to know before it is made: which events were seen, which requests were answered, the
 * state of SKUs that are not at hand, the order lines that are named.
 *
 * Guarantee: read in one round trip of pipelined statements, as of after the last commit of the same partition's owner,
 * who is the only writer. Nothing is locked: the fence of the commit makes a stale read harmless.
 */
import type { Sku } from "@holdfast/domain/Identity"
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

type Rows = ReadonlyArray<Record<string, unknown>>
const none: Promise<Rows> = Promise.resolve([])

/** Reads what `asked` names. Rejects with what postgres.js threw. */
export const admit = async (sql: Sql, asked: AdmissionQuery): Promise<AdmissionResult> => {
  const { eventKeys, requestKeys, skus, lines } = asked
  const [clock, seen, answers, levels, holds, stopped, orderLines] = await Promise.all([
    sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
    eventKeys.length === 0
      ? none
      : sql`select encode(uuid_send(cause_key), 'hex') as key from ledger
        where committed_at > now() - ${repetitionWindow}::interval and committed_at < now() + interval '1 hour'
          and cause_key = any(${textArray(eventKeys)}::uuid[])`,
    requestKeys.length === 0
      ? none
      : sql`select encode(uuid_send(key), 'hex') as key, encode(uuid_send(body), 'hex') as body, answer from request_answer where key = any(${textArray(requestKeys)}::uuid[])`,
    skus.length === 0
      ? none
      : sql`select sku, location_id, on_hand, committed, held, version from stock_level where sku = any(${textArray(skus)}::text[])`,
    skus.length === 0 ? none : openHolds(sql, skus),
    skus.length === 0
      ? none
      : sql`select sku from quarantine where not lifted and sku = any(${textArray(skus)}::text[])`,
    lines.length === 0 ? none : readLines(sql, lines)
  ])
  return {
    now: Math.floor(Number(clock[0]!["now"])),
    seen: new Set(seen.map((row) => String(row["key"]))),
    answers: new Map(
      answers.map((row) => [String(row["key"]), { body: String(row["body"]), answer: String(row["answer"]) }])
    ),
    states: statesOf(skus, levels, holds, stopped),
    lines: orderLines.map((row) => ({ sku: String(row["sku"]), line: lineOf(row) }))
  }
}

const openHolds = (sql: Sql, skus: ReadonlyArray<string>) => sql`
  select reservation_id, sku, location_id, quantity, order_id, ended, (extract(epoch from expires_at) * 1000)::float8 as expires_at
  from hold where ended is null and sku = any(${textArray(skus)}::text[])`

/** Reservations by id, open or ended: which SKU they are of, and how they ended. */
export const findHolds = async (sql: Sql, ids: ReadonlyArray<string>): Promise<ReadonlyMap<string, StoredHold>> => {
  const rows = await sql`
    select reservation_id, sku, location_id, quantity, order_id, ended, (extract(epoch from expires_at) * 1000)::float8 as expires_at
    from hold where reservation_id = any(${textArray(ids)}::text[])`
  return new Map(rows.map((row) => [String(row["reservation_id"]), storedHoldOf(row)]))
}

const readLines = (sql: Sql, lines: AdmissionQuery["lines"]) => sql`
  select l.sku, l.order_id, l.location_id, l.open, l.confirmed_ahead, l.cancelled_ahead
  from (select unnest(${textArray(lines.map((l) => l.orderId))}::text[]) as order_id, unnest(${textArray(lines.map((l) => l.sku))}::text[]) as sku) as t
  join order_line l on l.order_id = t.order_id and l.sku = t.sku`

const lineOf = (row: Record<string, unknown>): OrderLine =>
  ({
    orderId: row["order_id"],
    locationId: row["location_id"],
    open: row["open"],
    confirmedAhead: row["confirmed_ahead"],
    cancelledAhead: row["cancelled_ahead"]
  }) as OrderLine

const storedHoldOf = (row: Record<string, unknown>): StoredHold => {
  const hold = {
    reservationId: row["reservation_id"],
    locationId: row["location_id"],
    quantity: row["quantity"],
    expiresAt: Math.round(Number(row["expires_at"])),
    ...(row["order_id"] === null ? {} : { orderId: row["order_id"] })
  } as Hold
  return { sku: String(row["sku"]), hold, ended: row["ended"] as HoldEnd | null }
}

const statesOf = (skus: ReadonlyArray<string>, levels: Rows, holds: Rows, stopped: Rows): Map<string, StoredState> => {
  const quarantined = new Set(stopped.map((row) => row["sku"]))
  const states = new Map<string, StoredState>(
    skus.map((sku) => [sku, { state: emptyState(sku as Sku), levelVersions: [], quarantined: quarantined.has(sku) }])
  )
  for (const row of levels) addLevel(states.get(String(row["sku"]))!, row)
  for (const row of holds) addHold(states.get(String(row["sku"]))!.state, storedHoldOf(row).hold)
  return states
}

const addLevel = (stored: StoredState, row: Record<string, unknown>): void => {
  const { location_id: locationId, on_hand: onHand, committed, held, version } = row
  stored.state.levels.push({ locationId, onHand, committed, held } as StockState["levels"][number])
  stored.levelVersions.push(version as number)
  // every change touches one level and bears the SKU's version, so that the newest level bears the SKU's own
  stored.state.version = Math.max(stored.state.version, version as number)
}

const addHold = (state: StockState, hold: Hold): void => {
  state.holds.set(hold.reservationId, hold)
  state.expiry.add(hold.reservationId, hold.expiresAt)
}
