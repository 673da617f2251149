/**
 * Queries on `channel_definition`: with which definition a channel ran since when.
 *
 * Guarantee: a definition is stored only where it differs from the one before. Every function rejects with what postgres.js
 * threw.
 */
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { Schema, Struct } from "effect"
import type { Sql } from "./Database.ts"
import type { Reader } from "./Snapshot.ts"

/** What decides the quantity that a channel is told: stored definitions of other times may differ in the rest. */
const ChannelRules = ChannelDefinition.mapFields(Struct.pick(["buffer", "cap", "threshold", "locations"]))
export type ChannelRules = typeof ChannelRules.Type

export interface RulesInForce {
  readonly rules: ChannelRules
  /** milliseconds since the epoch */
  readonly since: number
}

/** @param since milliseconds since the epoch, by the clock that also says when the channel is told something */
export const saveDefinitions = async (
  sql: Sql,
  definitions: ReadonlyArray<ChannelDefinition>,
  since: number
): Promise<void> => {
  for (const definition of definitions) {
    const text = JSON.stringify(definition)
    await sql`
      insert into channel_definition (channel, since, definition)
      select ${definition.id}, to_timestamp(${since}::float8 / 1000), ${text}::text::jsonb
      where ${text}::text::jsonb is distinct from (
        select definition from channel_definition where channel = ${definition.id} order by since desc limit 1)
      on conflict (channel, since) do update set definition = excluded.definition`
  }
}

const decode = Schema.decodeUnknownSync(ChannelRules)

/** What was in force at that time, milliseconds since the epoch. Undefined where nothing was stored by then. */
export const rulesAt = async (sql: Reader, channel: string, at: number): Promise<RulesInForce | undefined> => {
  const [row] = await sql<Array<{ definition: unknown; since: number }>>`
    select definition, round(extract(epoch from since) * 1000)::float8 as since from channel_definition
    where channel = ${channel} and since <= to_timestamp(${at}::float8 / 1000) order by since desc limit 1`
  return row === undefined ? undefined : { rules: decode(row.definition), since: row.since }
}
