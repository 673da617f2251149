/**
 * Asks the registers of groups what becomes of their holds that are due.
 *
 * Guarantee: a hold that is told to expire belongs to a group that can never be confirmed any more: the register says so
 * before the hold is let go, whoever else writes to it meanwhile. It is asked only where such holds are due.
 */
import { fateOf, overdue } from "@holdfast/domain/GroupRules"
import type { GroupFate, GroupFates } from "@holdfast/domain/DueHolds"
import type { ReservationId } from "@holdfast/domain/Identity"
import { membershipOf } from "@holdfast/domain/Partition"
import type { ReservationGroup } from "@holdfast/domain/ReservationGroup"
import { findLines, type StoredLine } from "@holdfast/ledger/Admission"
import type { Sql } from "@holdfast/ledger/Database"
import { changeGroups, readGroups } from "@holdfast/ledger/ReservationGroups"

/** A hold that is due and belongs to a group. */
export interface DueMember {
  readonly sku: string
  readonly id: ReservationId
}

/** The groups, none of which is open and due any more. */
const closed = async (sql: Sql, ids: ReadonlyArray<string>): Promise<ReadonlyMap<string, ReservationGroup>> => {
  for (;;) {
    const { now, groups } = await readGroups(sql, ids)
    const changes = [...groups.values()].flatMap((group) => (group.dueAt <= now ? (overdue(group) ?? []) : []))
    if (changes.length === 0) return groups
    const written = await changeGroups(sql, changes)
    const current = new Map(groups)
    for (const [n, { group }] of changes.entries()) if (written.has(n)) current.set(group.id, group)
    if (written.size === changes.length) return current
  }
}

/** Rejects with what postgres.js threw. @returns also the order lines of those that are to be confirmed */
export const askGroups = async (
  sql: Sql,
  due: ReadonlyArray<DueMember>
): Promise<{ readonly fates: GroupFates; readonly lines: ReadonlyArray<StoredLine> }> => {
  const members = due.map((member) => ({ ...member, membership: membershipOf(member.id)! }))
  const groups = await closed(sql, [...new Set(members.map(({ membership }) => membership.group))])
  const fates = new Map<string, GroupFate>()
  const orders: Array<{ readonly sku: string; readonly kind: "order"; readonly id: string }> = []
  for (const { sku, id, membership } of members) {
    const fate = fateOf(groups.get(membership.group), membership)
    fates.set(id, fate)
    if (fate.fate === "confirm") orders.push({ sku, kind: "order", id: fate.orderId })
  }
  return { fates, lines: await findLines(sql, orders) }
}
