/**
 * What the engine leaves in the ledger of the facts of orders in STOCK, for tests that have no engine: the lines of orders, and
 * how far each partition is committed, in one transaction.
 */
import { decodeFactBatch } from "@holdfast/bus/FactBatch"
import { decodeFact } from "@holdfast/bus/FactMessage"
import { stockStream } from "@holdfast/bus/StreamTopology"
import { factSubject } from "@holdfast/bus/Subject"
import { encodeLine, type OrderLine } from "@holdfast/domain/DocumentLine"
import { partitions } from "@holdfast/domain/Limit"
import { emptyOrderLine } from "@holdfast/domain/OrderRules"
import type { SkuFact } from "@holdfast/domain/StockEvent"
import { Result } from "effect"
import type { IngestHarness } from "./IngestHarness.ts"

const partitionOfSubject = new Map(Array.from({ length: partitions }, (_, i) => [factSubject(i), i]))

export class EngineStandIn {
  private readonly harness: IngestHarness
  private readonly lines = new Map<string, { readonly sku: string; readonly line: OrderLine }>()
  private readonly applied = new Map<number, number>()
  private seen = 0

  constructor(harness: IngestHarness) {
    this.harness = harness
  }

  /** Commits what is in STOCK now. */
  async commit(): Promise<void> {
    const { nats } = this.harness
    const { state, created } = await nats.manager.streams.info(stockStream)
    if (state.last_seq <= this.seen) return
    const consumer = await nats.jetstream.consumers.get(stockStream, { opt_start_seq: this.seen + 1 })
    for await (const message of await consumer.consume({ max_messages: 1_000 })) {
      this.applied.set(partitionOfSubject.get(message.subject)!, message.seq)
      for (const json of Result.getOrThrow(decodeFactBatch(message.string())).facts)
        this.apply(Result.getOrThrow(decodeFact(json)).fact)
      this.seen = message.seq
      if (message.seq >= state.last_seq) break
    }
    await this.write(String(created))
  }

  private apply(fact: SkuFact): void {
    if (!fact.type.startsWith("order.") && !fact.type.startsWith("shipment.")) return
    const { orderId } = fact.data as { readonly orderId: Parameters<typeof emptyOrderLine>[0] }
    const key = `${orderId} ${fact.sku}`
    const line = this.lines.get(key)?.line ?? emptyOrderLine(orderId)
    const heard = fact.type === "order.placed" ? { ...line, placed: [{ at: fact.time, units: 1 }] } : line
    this.lines.set(key, { sku: fact.sku, line: heard })
  }

  private async write(created: string): Promise<void> {
    const lines = [...this.lines.values()].map(({ sku, line }) => ({
      kind: "order",
      document_id: line.orderId,
      sku,
      open: 0,
      line: encodeLine(line)
    }))
    const owners = [...this.applied].map(([partition, applied_seq]) => ({
      partition,
      applied_seq,
      epoch: 1,
      owner: "test",
      commit_no: 0,
      announced_no: 0,
      stream_created: created
    }))
    await this.harness.sql.begin(async (sql) => {
      for (let i = 0; i < lines.length; i += 1_000)
        await sql`insert into document_line ${sql(lines.slice(i, i + 1_000))}
          on conflict (document_id, sku, kind) do update set line = excluded.line`
      await sql`insert into partition_owner ${sql(owners)}
        on conflict (partition) do update set applied_seq = excluded.applied_seq, stream_created = excluded.stream_created`
    })
    this.lines.clear()
  }
}
