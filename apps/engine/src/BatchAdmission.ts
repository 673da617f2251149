/**
 * Reads what the decisions of one batch need, and hands it to the actors.
 *
 * Guarantee: after `takeIn` every SKU that the batch names is at hand, and will not be passivated before the batch is
 * durable. What an actor already knows is newer than what was read: commits may be under way.
 */
import { documentKeyOf, documentOf } from "@holdfast/domain/DocumentLine"
import { dueMembers, noFates, type GroupFates } from "@holdfast/domain/DueHolds"
import {
  admit,
  findHolds,
  type AdmissionQuery,
  type AdmissionResult,
  type CountedSince,
  type StoredHold
} from "@holdfast/ledger/Admission"
import type { Sql } from "@holdfast/ledger/Database"
import type { DecisionBatch } from "./DecisionBatch.ts"
import { askGroups, type DueMember } from "./GroupFate.ts"
import type { StockMessage } from "./SkuActor.ts"
import type { StockPartition } from "./StockPartition.ts"

/** Messages taken from their partitions, in order. */
export type Taken = Array<[StockPartition, StockMessage]>

/** What was read for a batch. */
export interface Known extends AdmissionResult {
  /** by reservation id: those that the batch confirms, releases or gives another end */
  readonly holds: ReadonlyMap<string, StoredHold>
  /** what becomes of due holds that belong to a group */
  readonly fates: GroupFates
}

/** @param batchNumber of the batch that will be decided. Rejects with what postgres.js threw. */
export const readFor = async (sql: Sql, taken: Taken, batchNumber: number): Promise<Known> => {
  const holds = await resolveReservations(sql, taken)
  const read = await admit(sql, questionOf(taken, holds, batchNumber))
  const due = dueMembersOf(taken, read)
  if (due.length === 0) return { ...read, holds, fates: noFates }
  const { fates, lines } = await askGroups(sql, due)
  return { ...read, lines: [...read.lines, ...lines], holds, fates }
}

/** Due holds of the SKUs that the batch names, of which a group has to say what becomes. */
const dueMembersOf = (taken: Taken, { states, now }: AdmissionResult): ReadonlyArray<DueMember> => {
  const due = new Map<string, DueMember>()
  for (const [partition, message] of taken) {
    if (message.kind === "poison" || message.sku === undefined) continue
    const { sku } = message
    const state = partition.actors.get(sku)?.state ?? states.get(sku)?.state
    if (state?.expiry.isDue(now)) for (const id of dueMembers(state, now)) due.set(id, { sku, id })
  }
  return [...due.values()]
}

/** Which SKU a confirm or release is about is known only from its reservation. */
const resolveReservations = async (sql: Sql, taken: Taken): Promise<ReadonlyMap<string, StoredHold>> => {
  const ids = taken.flatMap(([, m]) =>
    m.kind === "request" && m.request.verb !== "reserve" ? [m.request.reservationId] : []
  )
  if (ids.length === 0) return new Map()
  const holds = await findHolds(sql, ids)
  for (const [, message] of taken) {
    if (message.kind !== "request" || message.request.verb === "reserve") continue
    message.sku = holds.get(message.request.reservationId)?.sku
  }
  return holds
}

const questionOf = (taken: Taken, holds: ReadonlyMap<string, StoredHold>, batchNumber: number): AdmissionQuery => {
  const eventKeys: Array<string> = []
  const requestKeys: Array<string> = []
  const skus = new Set<string>()
  const lines: Array<AdmissionQuery["lines"][number]> = []
  const ended: Array<string> = []
  const counts: Array<CountedSince> = []
  for (const [partition, message] of taken) {
    if (message.kind === "poison") continue
    if (message.kind === "fact") {
      eventKeys.push(message.key)
      const document = documentOf(message.fact)
      if (document !== undefined) lines.push({ sku: message.sku, ...document })
      if (message.fact.type === "count.cycle") counts.push({ sku: message.sku, since: message.fact.data.countedAt })
    }
    if (message.kind === "request") requestKeys.push(message.key)
    if (message.kind === "line" && message.request.ask === "hold") ended.push(message.request.reservationId)
    if (message.sku === undefined) continue
    const actor = partition.actors.get(message.sku)
    if (actor === undefined) skus.add(message.sku)
    else actor.changedIn = batchNumber // must not be passivated before it is decided
    if (message.kind === "line" && message.request.ask === "confirm")
      lines.push({ sku: message.sku, kind: "order", id: message.request.orderId })
    if (message.kind === "request" && message.request.verb === "confirm") {
      const orderId = message.request.orderId ?? holds.get(message.request.reservationId)?.hold.orderId
      if (orderId !== undefined) lines.push({ sku: message.sku, kind: "order", id: orderId })
    }
  }
  return { eventKeys, requestKeys, skus: [...skus], lines, ended, counts }
}

/** Hands what was read to the actors; what they already have is newer. */
export const takeIn = (taken: Taken, read: AdmissionResult, batch: DecisionBatch): void => {
  const owners = new Map<string, StockPartition>()
  for (const [partition, message] of taken) {
    if (message.kind === "poison" || message.sku === undefined || partition.loss !== undefined) continue
    owners.set(message.sku, partition)
    const stored = read.states.get(message.sku)
    if (stored !== undefined && !partition.actors.has(message.sku)) partition.admit(message.sku, stored)
  }
  for (const { sku, line } of read.lines) {
    const actor = owners.get(sku)?.actors.get(sku)
    const key = documentKeyOf(line)
    if (actor === undefined || actor.state.documents.has(key)) continue
    actor.state.documents.set(key, line)
    batch.rememberedLines.push([actor, key])
  }
}
