/**
 * What a batch of decisions needs to know before it is made: which events were seen, which requests were answered, the
 * state of SKUs that are not at hand, the lines of documents that are named, what moved since a count.
 *
 * Guarantee: read in one statement, as of after the last commit of the same partition's owner,
 * who is the only writer. Nothing is locked: the fence of the commit makes a stale read harmless.
 */
import { decodeLine, documentKey, type DocumentLine } from "@holdfast/domain/DocumentLine"
import type { ChannelId, LocationId, OrderId, ReservationId, Sku } from "@holdfast/domain/Identity"
import { decodeTerms } from "@holdfast/domain/SkuTerms"
import {
  countGuarded,
  emptyLevel,
  emptyState,
  type Hold,
  type HoldEnd,
  type StockState
} from "@holdfast/domain/StockState"
import { numberArray, textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

/** What is asked. */
export interface AdmissionQuery {
  readonly eventKeys: ReadonlyArray<string>
  readonly requestKeys: ReadonlyArray<string>
  /** SKUs whose state is not at hand */
  readonly skus: ReadonlyArray<string>
  readonly lines: ReadonlyArray<{ readonly sku: string; readonly kind: DocumentLine["kind"]; readonly id: string }>
  /** reservation ids of which it is asked how they ended */
  readonly ended: ReadonlyArray<string>
  /** counts, and when they were made: milliseconds since the epoch */
  readonly counts: ReadonlyArray<CountedSince>
}

export interface CountedSince {
  readonly sku: string
  readonly since: number
}

/** Units on hand that moved at a location after a count, as far as the ledger knew up to `version` of the SKU. */
export interface StoredMovement extends CountedSince {
  readonly locationId: LocationId
  readonly units: number
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

export interface StoredLine {
  readonly sku: string
  readonly line: DocumentLine
}

export interface AdmissionResult {
  /** the database's clock, milliseconds since the epoch */
  readonly now: number
  readonly seen: ReadonlySet<string>
  readonly answers: ReadonlyMap<string, StoredAnswer>
  readonly states: ReadonlyMap<string, StoredState>
  readonly lines: ReadonlyArray<StoredLine>
  /** by reservation id: those that were asked for and have ended */
  readonly ended: ReadonlyMap<string, HoldEnd>
  readonly movements: ReadonlyArray<StoredMovement>
  /** version up to which the movements of a counted SKU were known; 0 when it has no level */
  readonly movementVersions: ReadonlyMap<string, number>
}

/** How far ahead of ours a source's clock may be for its movements to be found in a count. */
const clockTolerance = "1 hour"

/** How far back a repetition is looked for: a message stays in EVENTS for 7 days and in STOCK for 8. */
const repetitionWindow = "16 days"

/**
 * One row of the answer: all parts come in one statement, since each of its own is another write, another wake-up of the
 * server, and another turn of the event loop.
 */
interface Row {
  readonly part:
    | "clock"
    | "seen"
    | "answer"
    | "level"
    | "hold"
    | "terms"
    | "stopped"
    | "ended"
    | "line"
    | "moved"
    | "version"
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
    ${seenPart(sql, asked.eventKeys)} ${answerPart(sql, asked.requestKeys)} ${statePart(sql, asked.skus)} ${linePart(sql, asked.lines)}
    ${endedPart(sql, asked.ended)} ${movedPart(sql, asked.counts)}`
  const of = (part: Row["part"]): ReadonlyArray<Row> => rows.filter((row) => row.part === part)
  const states = statesOf(asked.skus, of("stopped"))
  for (const row of of("level")) addLevel(states.get(row.a)!, row)
  for (const row of of("hold")) addHold(states.get(row.b)!.state, openHoldOf(row))
  for (const { a, b } of of("terms")) states.get(a)!.state.terms = decodeTerms(b)
  return {
    now: Math.floor(of("clock")[0]!.i),
    seen: new Set(of("seen").map(({ a }) => a)),
    answers: new Map(of("answer").map(({ a, b, c }) => [a, { body: b, answer: c }])),
    states,
    lines: of("line").map(lineOf),
    ended: new Map(of("ended").map(({ a, b }) => [a, b as HoldEnd])),
    movements: of("moved").map(({ a, b, i, j }) => ({ sku: a, locationId: b as LocationId, units: i, since: j })),
    movementVersions: new Map(of("version").map(({ a, i }) => [a, i]))
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
  union all select 'level', sku, location_id, ${rareText(sql)}, null, null, on_hand, committed, held, version from stock_level
  where sku = any(${skus}::text[])
  union all select 'hold', reservation_id, sku, location_id, order_id, channel, quantity, extract(epoch from expires_at) * 1000, 0, 0
  from hold where ended is null and sku = any(${skus}::text[])
  union all select 'terms', sku, terms, null, null, null, 0, 0, 0, 0 from sku_terms where sku = any(${skus}::text[])`
}

/** The quantities that few levels have, or null: a row of the answer has no room for them all. */
const rareText = (sql: Sql) => sql`
  case when receiving <> 0 or inspection <> 0 or damaged <> 0 or quality <> 0 or incoming <> 0 or in_transit <> 0 or safety_stock <> 0
    or counted_at is not null or safety_stock_at is not null
  then concat_ws(',', receiving, inspection, damaged, quality, incoming, in_transit, safety_stock,
    coalesce(extract(epoch from counted_at) * 1000, -1), coalesce(extract(epoch from safety_stock_at) * 1000, -1)) end`

const linePart = (sql: Sql, lines: AdmissionQuery["lines"]) =>
  lines.length === 0
    ? sql``
    : sql`
  union all select 'line', l.sku, l.kind, l.document_id, l.line, null, 0, 0, 0, 0
  from (select unnest(${textArray(lines.map((l) => l.id))}::text[]) as document_id, unnest(${textArray(lines.map((l) => l.sku))}::text[]) as sku,
    unnest(${textArray(lines.map((l) => l.kind))}::text[]) as kind) as t
  join document_line l on l.document_id = t.document_id and l.sku = t.sku and l.kind = t.kind`

const endedPart = (sql: Sql, ids: ReadonlyArray<string>) =>
  ids.length === 0
    ? sql``
    : sql`
  union all select 'ended', reservation_id, ended, null, null, null, 0, 0, 0, 0
  from hold where ended is not null and reservation_id = any(${textArray(ids)}::text[])`

const movedPart = (sql: Sql, counts: ReadonlyArray<CountedSince>) => {
  if (counts.length === 0) return sql``
  const skus = textArray(counts.map(({ sku }) => sku))
  return sql`
  union all select 'moved', t.sku, l.location_id, null, null, null, sum(l.on_hand), t.since, 0, 0
  from (select unnest(${skus}::text[]) as sku, unnest(${numberArray(counts.map(({ since }) => since))}::float8[]) as since) as t
  join ledger l on l.sku = t.sku and l.occurred_at > to_timestamp(t.since / 1000)
    and l.committed_at > to_timestamp(t.since / 1000) - ${clockTolerance}::interval
  where l.kind <> 'count.cycle' and l.on_hand <> 0 group by t.sku, t.since, l.location_id
  union all select 'version', sku, null, null, null, null, max(version), 0, 0, 0 from stock_level where sku = any(${skus}::text[])
  group by sku`
}

const lineOf = ({ a, b, c, d }: Pick<Row, "a" | "b" | "c" | "d">): StoredLine => ({
  sku: a,
  line: decodeLine(documentKey(b as DocumentLine["kind"], c), d!)
})

/** Lines of documents, for a decision that is found to need them late. */
export const findLines = async (sql: Sql, lines: AdmissionQuery["lines"]): Promise<ReadonlyArray<StoredLine>> => {
  if (lines.length === 0) return []
  const rows = await sql<Array<Row>>`
    select null as part, null as a, null as b, null as c, null as d, null as e, 0 as i, 0 as j, 0 as k, 0 as l where false ${linePart(sql, lines)}`
  return rows.map(lineOf)
}

/** Reservations by id, open or ended: which SKU they are of, and how they ended. */
export const findHolds = async (sql: Sql, ids: ReadonlyArray<string>): Promise<ReadonlyMap<string, StoredHold>> => {
  const rows = await sql<Array<Row>>`
    select 'hold' as part, reservation_id as a, sku as b, location_id as c, order_id as d, ended as e, quantity::float8 as i,
      (extract(epoch from expires_at) * 1000)::float8 as j
    from hold where reservation_id = any(${textArray(ids)}::text[])`
  return new Map(rows.map((row) => [row.a, storedHoldOf(row)]))
}

const storedHoldOf = ({ a, b, c, d, e, i, j }: Row): StoredHold => {
  const hold = { reservationId: a as ReservationId, locationId: c as LocationId, quantity: i, expiresAt: Math.round(j) }
  return { sku: b, hold: d === null ? hold : { ...hold, orderId: d as OrderId }, ended: e as HoldEnd | null }
}

/** Of an open hold the row says the channel where an ended one says its end. */
const openHoldOf = (row: Row): Hold => {
  const { hold } = storedHoldOf(row)
  return row.e === null ? hold : { ...hold, channel: row.e as ChannelId }
}

const statesOf = (skus: ReadonlyArray<string>, stopped: ReadonlyArray<Row>): Map<string, StoredState> => {
  const quarantined = new Set(stopped.map(({ a }) => a))
  return new Map(
    skus.map((sku) => [sku, { state: emptyState(sku as Sku), levelVersions: [], quarantined: quarantined.has(sku) }])
  )
}

const addLevel = (stored: StoredState, { b, c, i, j, k, l: version }: Row): void => {
  const usual = { ...emptyLevel(b as LocationId), onHand: i, committed: j, held: k }
  stored.state.levels.push(c === null ? usual : { ...usual, ...rareOf(c) })
  stored.levelVersions.push(version)
  // every change touches one level and bears the SKU's version, so that the newest level bears the SKU's own
  stored.state.version = Math.max(stored.state.version, version)
}

const rareOf = (text: string) => {
  const [receiving, inspection, damaged, quality, incoming, inTransit, safetyStock, counted, safetySet] = text
    .split(",")
    .map(Number) as [number, number, number, number, number, number, number, number, number]
  const times = { countedAt: Math.round(counted), safetyStockAt: Math.round(safetySet) }
  return { receiving, inspection, damaged, quality, incoming, inTransit, safetyStock, ...times }
}

const addHold = (state: StockState, hold: Hold): void => {
  state.holds.set(hold.reservationId, hold)
  state.expiry.add(hold.reservationId, hold.expiresAt)
  countGuarded(state, hold.reservationId, hold.locationId, hold.quantity)
}
