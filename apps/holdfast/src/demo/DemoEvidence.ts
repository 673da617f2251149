/** Gathers what the verdict is made of: what channels show, what they should show, what the ledger's fold says. */
import type { SimulatedChannel } from "@holdfast/channels/simulated/SimulatedChannel"
import type { ChannelSnapshot } from "@holdfast/channels/ChannelSnapshot"
import { rungs } from "@holdfast/channels/Ladder"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { publishable } from "@holdfast/domain/Publishable"
import type { AnnouncedLevel } from "@holdfast/domain/Availability"
import { query, type Sql } from "@holdfast/ledger/Database"
import { verify } from "@holdfast/ledger/Verify"
import { Effect } from "effect"
import type { DemoChannelRow } from "./DemoSnapshot.ts"
import type { ChannelEvidence, DemoAudit } from "./DemoVerdict.ts"

/** Units oversold per channel since then: what its orders took beyond what was there. @param since milliseconds since the epoch */
export const oversoldByChannel = (sql: Sql, since: number) =>
  Effect.map(
    query(
      () => sql`
        select channel, sum(oversold)::int as units from ledger
        where channel is not null and oversold > 0 and committed_at >= to_timestamp(${since}::float8 / 1000) group by channel`
    ),
    (rows) => new Map(rows.map((row) => [String(row["channel"]), Number(row["units"])]))
  )

export const rowOf = (snapshot: ChannelSnapshot, oversoldUnits: number): DemoChannelRow => ({
  id: snapshot.channel,
  timing: snapshot.timing,
  budgetMillis: snapshot.budgetMillis,
  objective: snapshot.objective,
  events: snapshot.events,
  pushes: snapshot.pushes,
  coalesced: snapshot.superseded + snapshot.unchanged,
  pending: snapshot.pending + snapshot.inFlight,
  p50: snapshot.total.p50,
  p99: snapshot.total.p99,
  withinBudget: snapshot.attained,
  retries: snapshot.retries,
  circuit: snapshot.circuit,
  rung: rungs.indexOf(snapshot.rung),
  oversoldUnits
})

const levelsBySku = (sql: Sql) =>
  Effect.map(
    query(
      () => sql`select sku, location_id, on_hand, committed, held, safety_stock, receiving + inspection + damaged + quality as unavailable
        from stock_level`
    ),
    (rows) => {
      const bySku = new Map<string, Array<AnnouncedLevel>>()
      for (const row of rows) {
        const {
          location_id: locationId,
          on_hand: onHand,
          committed,
          held,
          unavailable,
          safety_stock: safetyStock
        } = row
        const levels = bySku.get(row["sku"])
        const level = { locationId, onHand, committed, held, unavailable, safetyStock }
        if (levels === undefined) bySku.set(row["sku"], [level])
        else levels.push(level)
      }
      return bySku
    }
  )

/** For every channel: what it should show by the ledger's levels, and what it shows by its own word. */
export const channelEvidence = Effect.fn("channelEvidence")(function* (
  sql: Sql,
  definitions: ReadonlyArray<ChannelDefinition>,
  servers: ReadonlyArray<SimulatedChannel>,
  rows: ReadonlyArray<DemoChannelRow>
) {
  const levels = yield* levelsBySku(sql)
  return definitions.map((definition, i): ChannelEvidence => ({
    row: rows[i]!,
    expected: new Map([...levels].map(([sku, of]) => [sku, publishable(definition, { levels: of })])),
    shown: new Map([...servers[i]!.listings.all()].map(({ sku, quantity }) => [sku, quantity]))
  }))
})

export const demoAudit = (sql: Sql) =>
  Effect.map(verify(sql), ({ skus, findings }): DemoAudit => ({
    skus,
    findings: findings.map(({ check, count, examples }) => `${check}: ${count}, such as ${examples.join("; ")}`)
  }))
