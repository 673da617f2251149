/** `drain`: 200,000 events over 10,000 SKUs wait in the partitioned stream; how fast are they committed? */
import { publishChain } from "@holdfast/bus/PublishChain"
import { encodeFactBatch, startOfEvents } from "@holdfast/bus/FactBatch"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { stockStream } from "@holdfast/bus/StreamTopology"
import { batchFactsMax } from "@holdfast/ingest/IngestLimit"
import { Effect } from "effect"
import postgres from "postgres"
import { contextAt, factAt } from "../Backlog.ts"
import { bareLoop } from "../BareLoop.ts"
import type { BenchServers } from "../BenchServers.ts"
import { startEngine } from "../EngineProcess.ts"
import type { Scenario } from "../Scenario.ts"

const events = 200_000
const skus = 10_000

export const fill = (natsUrl: string): Promise<void> =>
  Effect.runPromise(
    NatsConnection.use(({ connection }) =>
      Effect.promise(async () => {
        const now = Date.now()
        for (let from = 0; from < events; from += batchFactsMax) {
          const facts = Array.from({ length: batchFactsMax }, (_, i) => {
            const fact = factAt("drain", from + i, skus, now)
            return { fact, context: contextAt(fact.time) }
          })
          await publishChain(connection, stockStream, encodeFactBatch(facts, startOfEvents, startOfEvents))
        }
      })
    ).pipe(Effect.provide(NatsConnection.layer(natsUrl, "bench backlog")), Effect.orDie)
  )

const drain = async (servers: BenchServers, note: (text: string) => void) => {
  const databaseUrl = await servers.fresh()
  note("filling the stream")
  await fill(servers.natsUrl)
  note("draining")
  let committed = 0
  let done!: () => void
  const finished = new Promise<void>((resolve) => (done = resolve))
  const cpu = process.cpuUsage()
  const began = performance.now()
  let ended = began
  const engine = await startEngine(servers.natsUrl, databaseUrl, (batch) => {
    committed += batch.facts
    if (committed < events) return
    ended = performance.now()
    done()
  })
  await finished
  const used = process.cpuUsage(cpu)
  const seconds = (ended - began) / 1000
  note(
    `${Math.round(events / seconds)} events/s, engine ${((used.user + used.system) / 1e6 / seconds).toFixed(2)} cores`
  )
  await engine.dispose()
  return { value: events / seconds }
}

/** The same rows written the usual way: a transaction per event, 32 connections. */
const transactionPerEvent = async (servers: BenchServers): Promise<number> => {
  const databaseUrl = await servers.fresh()
  const sql = postgres(databaseUrl, { max: 32, onnotice: () => {} })
  const count = 10_000
  let next = 0
  const worker = async () => {
    for (let i = next++; i < count; i = next++) await writeOne(sql, i)
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: 32 }, worker))
  const seconds = (performance.now() - began) / 1000
  await sql.end()
  return count / seconds
}

const writeOne = (sql: postgres.Sql, index: number) => {
  const fact = factAt("baseline", index, skus, Date.now())
  return sql.begin(async (tx) => {
    await tx`insert into stock_level (sku, location_id, partition, on_hand, committed, held, version)
      values (${fact.sku}, 'main', 0, 1000, 0, 0, 1)
      on conflict (sku, location_id) do update set committed = stock_level.committed + 1, version = stock_level.version + 1`
    await tx`insert into ledger (sku, version, kind, location_id, on_hand, committed, held, oversold, cause_source, cause_id,
      cause_key, occurred_at, committed_at)
      values (${fact.sku}, ${index + 1}, ${fact.type}, 'main', 0, 1, 0, 0, 'bench', ${fact.id}, gen_random_uuid(), now(), now())`
    await tx`insert into outbox (partition, commit_no, skus, committed_at) values (0, ${index}, array[${fact.sku}], now())`
  })
}

export const drainScenario: Scenario = {
  name: "drain",
  unit: "events/s",
  title: "a backlog of 200,000 events over 10,000 SKUs in the partitioned stream, to committed",
  higherIsBetter: true,
  warmUps: 1,
  run: drain,
  baselines: { transactionPerEvent, bareLoop }
}
