/**
 * SKUs whose facts and requests are decided by the rules and committed one by one, as the engine would, without an engine.
 *
 * Guarantee: the state that is kept is the one after the latest commit.
 */
import type { OrderId, ReservationId } from "@holdfast/domain/Identity"
import { documentKeyOf } from "@holdfast/domain/DocumentLine"
import type { SkuFact, StockEventType } from "@holdfast/domain/StockEvent"
import { decide, evolve, type Decision, type StockCommand } from "@holdfast/domain/StockRules"
import { emptyState, levelAt, type StockState } from "@holdfast/domain/StockState"
import { CommitBatch } from "../src/CommitBatch.ts"
import type { Sql } from "../src/Database.ts"
import { eventKey } from "../src/DedupKey.ts"
import { commitBatch } from "../src/GroupCommit.ts"
import type { Ownership } from "../src/PartitionOwner.ts"

type Lines = ReadonlyArray<Readonly<Record<string, unknown>>>

const sourceOf = (type: StockEventType): string =>
  type.startsWith("order.") || type.startsWith("shipment.") ? "shop" : "wms"

export class StoredShelf {
  private readonly states = new Map<string, StockState>()
  private readonly sql: Sql
  private readonly owned: Ownership
  private commits = 0
  private requests = 0

  constructor(sql: Sql, owned: Ownership) {
    this.sql = sql
    this.owned = owned
  }

  state(sku: string): StockState {
    const known = this.states.get(sku)
    if (known !== undefined) return known
    const state = emptyState(sku as StockState["sku"])
    this.states.set(sku, state)
    return state
  }

  /** @param lines without their SKU; @param time when it happened, milliseconds since the epoch */
  async fact(sku: string, type: StockEventType, id: string, data: object, lines: Lines, time: number): Promise<void> {
    const source = sourceOf(type)
    const all = { ...data, lines: lines.map((line) => ({ sku, ...line })) }
    const fact = { type, id, source, time, sku, parts: 1, data: all } as unknown as SkuFact
    const channel = "channel" in data ? String(data.channel) : undefined
    const cause = { source, id, key: eventKey(source, id, sku), channel, occurredAt: time }
    await this.commit(sku, { _tag: "Fact", fact }, cause)
  }

  /** Resolves with the reservation that was granted. */
  async reserve(sku: string, quantity: number, key: string, orderId?: string): Promise<ReservationId> {
    const request = { verb: "reserve", key, sku, quantity, ttlMillis: 600_000, orderId }
    const unique = `u${(this.requests += 1)}`
    const command = { _tag: "Request", request, unique } as unknown as StockCommand
    const { answer } = await this.commit(sku, command, { source: "request", id: key, occurredAt: Date.now() })
    if (answer?.status !== "granted") throw new Error(`not granted: ${JSON.stringify(answer)}`)
    return answer.reservationId
  }

  private async commit(sku: string, command: StockCommand, cause: Parameters<CommitBatch["addChange"]>[3]) {
    const state = this.state(sku)
    const before = state.version
    const decision = decide(state, command, Date.now())
    const batch = new CommitBatch()
    const touched = new Map<string, number>()
    decision.changes.forEach((change, i) => {
      const isNewLine = change.line !== undefined && !state.documents.has(documentKeyOf(change.line))
      this.noteHold(batch, sku, state, change)
      evolve(state, change)
      const key = i === decision.changes.length - 1 ? cause.key : undefined
      batch.addChange(sku, state.version, change, { ...cause, key }, isNewLine)
      touched.set(change.locationId, state.version)
    })
    await this.write(batch, sku, touched, before)
    return decision
  }

  private noteHold(batch: CommitBatch, sku: string, state: StockState, change: Decision["changes"][number]): void {
    const { reservationId, locationId, held, expiresAt, documentId, kind } = change
    if (reservationId === undefined) return
    const granted = {
      reservationId,
      locationId,
      quantity: held,
      expiresAt: expiresAt ?? 0,
      ...(documentId === undefined ? {} : { orderId: documentId as OrderId })
    }
    const isGrant = kind === "reservation.granted"
    const hold = isGrant ? granted : state.holds.get(reservationId)!
    const ended = isGrant ? null : (kind.slice("reservation.".length) as "consumed")
    batch.holds.set(reservationId, { sku, partition: this.owned.partition, hold, ended })
  }

  private async write(batch: CommitBatch, sku: string, touched: ReadonlyMap<string, number>, before: number) {
    const state = this.state(sku)
    const { partition, epoch, appliedSeq } = this.owned
    for (const [locationId, version] of touched) {
      const [row] = await this.sql`select version from stock_level where sku = ${sku} and location_id = ${locationId}`
      const level = levelAt(state, locationId as Parameters<typeof levelAt>[1])!
      const expected = Number(row?.["version"] ?? 0)
      if (expected > before) throw new Error(`${sku} at ${locationId} is ahead of its state`)
      batch.levels.push({ partition, sku, level, version, expected })
    }
    const fromSeq = appliedSeq + this.commits
    this.commits += 1
    const commitNo = this.owned.commitNo + this.commits
    batch.moves.push({ partition, epoch, fromSeq, toSeq: fromSeq + 1, commitNo, announcedNo: 0 })
    await commitBatch(this.sql, batch)
  }
}
