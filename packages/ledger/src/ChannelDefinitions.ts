/**
 * Queries on `channel_definition`: what channels are, since when, and who made them so.
 *
 * Guarantee: rows are only added, and only where they differ from the one before; a change that was made upon an older row than
 * the last is refused, so that nobody takes back unseen what another one did. A definition that this version does not
 * understand is not passed over: reading it rejects. Every function rejects with what postgres.js or the schema threw.
 */
import { ChannelDefinition, Operation } from "@holdfast/domain/Channel"
import type { ChannelSetting } from "@holdfast/domain/ChannelChange"
import { Schema, Struct } from "effect"
import type { Sql } from "./Database.ts"
import type { Reader } from "./Snapshot.ts"

/** What decides the quantity that a channel is told: stored definitions of other times may differ in the rest. */
const ChannelRules = ChannelDefinition.mapFields(
  Struct.pick(["id", "buffer", "lagBuffer", "cap", "threshold", "locations"])
)
export type ChannelRules = typeof ChannelRules.Type

export interface RulesInForce {
  readonly rules: ChannelRules
  /** milliseconds since the epoch */
  readonly since: number
}

/** Who changes a channel, and why. */
export interface ChangeAuthor {
  readonly by: string
  readonly reason?: string | undefined
}

/** A channel since one of its changes. */
export interface ChannelRevision extends ChannelSetting {
  /** of the change; rises over all channels */
  readonly id: number
  /** milliseconds since the epoch */
  readonly since: number
  readonly by: string
  readonly reason: string | null
  /** the change that it took back */
  readonly undoes: number | null
}

const decodeDefinition = Schema.decodeUnknownSync(ChannelDefinition)
const decodeOperation = Schema.decodeUnknownSync(Operation)
const decodeRules = Schema.decodeUnknownSync(ChannelRules)

interface RevisionRow extends Omit<ChannelRevision, "definition" | "operation"> {
  readonly definition: unknown
  readonly operation: unknown
}

const columns = (sql: Reader) => sql`
  id, definition, operation, round(extract(epoch from since) * 1000)::float8 as since, changed_by as by, reason, undoes`

const revisionOf = ({ definition, operation, ...row }: RevisionRow): ChannelRevision => ({
  ...row,
  definition: decodeDefinition(definition),
  operation: decodeOperation(operation)
})

/** What every channel is now, by id of the channel. */
export const currentChannels = async (sql: Reader): Promise<ReadonlyArray<ChannelRevision>> => {
  const rows = await sql<Array<RevisionRow>>`
    select distinct on (channel) ${columns(sql)} from channel_definition order by channel, id desc`
  return rows.map(revisionOf)
}

/** The last change of every channel: channel -> id. Cheap enough to be asked several times a second. */
export const currentRevisions = async (sql: Reader): Promise<ReadonlyMap<string, number>> => {
  const rows = await sql<Array<{ channel: string; id: number }>>`
    select channel, max(id) as id from channel_definition group by channel`
  return new Map(rows.map(({ channel, id }) => [channel, id]))
}

/** Since when there is this channel, milliseconds since the epoch: what happened before, it was never promised. */
export const definedSince = async (sql: Reader, channel: string): Promise<number | undefined> => {
  const [row] = await sql<Array<{ since: number | null }>>`
    select round(extract(epoch from min(since)) * 1000)::float8 as since from channel_definition where channel = ${channel}`
  return row?.since ?? undefined
}

/** The changes of one channel, newest first. */
export const channelHistory = async (
  sql: Reader,
  channel: string,
  limit: number
): Promise<ReadonlyArray<ChannelRevision>> => {
  const rows = await sql<Array<RevisionRow>>`
    select ${columns(sql)} from channel_definition where channel = ${channel} order by id desc limit ${limit}`
  return rows.map(revisionOf)
}

/** A channel as it is to be from now on. */
export interface Revision extends ChannelSetting, ChangeAuthor {
  /** id of the change that it was made upon; 0: the channel was not known */
  readonly upon: number
  readonly undoes?: number
}

/** @returns the change, or undefined when the channel was changed since */
export const reviseChannel = (sql: Sql, revision: Revision, now: number): Promise<ChannelRevision | undefined> =>
  sql.begin(async (transaction) => {
    const { by, definition, operation, reason = null, undoes = null, upon } = revision
    await transaction`select pg_advisory_xact_lock(hashtextextended(${`channel ${definition.id}`}, 0))`
    const rows = await transaction<Array<RevisionRow>>`
      insert into channel_definition (channel, since, definition, operation, changed_by, reason, undoes)
      select ${definition.id}, greatest(to_timestamp(${now}::float8 / 1000), last.since + interval '1 millisecond'),
        ${JSON.stringify(definition)}::text::jsonb, ${operation}, ${by}, ${reason}, ${undoes}::bigint
      from (select max(since) as since, coalesce(max(id), 0) as id from channel_definition where channel = ${definition.id}) last
      where last.id = ${upon}
      returning ${columns(transaction)}`
    return rows.map(revisionOf)[0]
  }) as Promise<ChannelRevision | undefined>

/**
 * Makes channels what a process is started with. What they do (paused, say) stays.
 * @param now milliseconds since the epoch, by the clock that also says when the channel is told something
 */
export const saveDefinitions = async (
  sql: Sql,
  definitions: ReadonlyArray<ChannelDefinition>,
  now: number
): Promise<void> => {
  for (const definition of definitions) {
    const text = JSON.stringify(definition)
    await sql`
      insert into channel_definition (channel, since, definition, operation, changed_by)
      select ${definition.id}, greatest(to_timestamp(${now}::float8 / 1000), last.since + interval '1 millisecond'),
        ${text}::text::jsonb, coalesce(last.operation, 'running'), 'start'
      from (select 1) one left join lateral (select since, definition, operation from channel_definition
        where channel = ${definition.id} order by id desc limit 1) last on true
      where last.definition is distinct from ${text}::text::jsonb
      on conflict (channel, since) do nothing`
  }
}

/** What was in force at that time, milliseconds since the epoch. Undefined where nothing was stored by then. */
export const rulesAt = async (sql: Reader, channel: string, at: number): Promise<RulesInForce | undefined> => {
  const [row] = await sql<Array<{ definition: unknown; since: number }>>`
    select definition, round(extract(epoch from since) * 1000)::float8 as since from channel_definition
    where channel = ${channel} and since <= to_timestamp(${at}::float8 / 1000) order by since desc limit 1`
  return row === undefined ? undefined : { rules: decodeRules(row.definition), since: row.since }
}
