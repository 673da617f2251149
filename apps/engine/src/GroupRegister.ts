/**
 * The registers of groups of holds, as this process reads and writes them.
 *
 * Guarantee: what was written is durable, and was written only over what had been read. Reads and writes of many groups
 * share round trips. Every method rejects with what postgres.js threw: then nobody knows whether it was written.
 */
import type { GroupChange, ReservationGroup } from "@holdfast/domain/ReservationGroup"
import { Database } from "@holdfast/ledger/Database"
import type { StoredAnswer } from "@holdfast/ledger/Admission"
import { beginGroups, changeGroups, readGroups, type NewGroup } from "@holdfast/ledger/ReservationGroups"
import { Context, Effect, Layer } from "effect"
import { groupBatchMax, groupPaceMillis } from "./EngineLimit.ts"
import { Gather } from "./Gather.ts"

/** An answer that becomes durable with a change, by the hashes of its key and request. */
export interface Said extends StoredAnswer {
  readonly key: string
}

interface Write {
  readonly change: GroupChange | undefined
  readonly said: Said | undefined
}

interface Read {
  readonly id: string
  readonly key: string | undefined
}

/** What is known of a group, and what was answered to a key. */
export interface Known {
  /** milliseconds since the epoch, by the database's clock; not after it was read */
  readonly now: number
  readonly group: ReservationGroup | undefined
  readonly answer: StoredAnswer | undefined
}

const options = { max: groupBatchMax, paceMillis: groupPaceMillis }

const make = Effect.gen(function* () {
  const database = yield* Database
  // writes of one kind are one at a time, so that each has a connection
  const sql = yield* database.open(3)

  const begins = new Gather(async (wanted: ReadonlyArray<NewGroup>) => {
    const begun = await beginGroups(sql, wanted)
    return wanted.map(({ id }) => begun.get(id))
  }, options)

  const writes = new Gather(async (all: ReadonlyArray<Write>) => {
    const changes: Array<GroupChange> = []
    const places = all.map(({ change }) => (change === undefined ? undefined : changes.push(change) - 1))
    const said = all.flatMap((write, i) => {
      const place = places[i]
      if (write.said === undefined) return []
      return [place === undefined ? write.said : { ...write.said, change: place }]
    })
    const written = await changeGroups(sql, changes, said)
    return places.map((place) => place === undefined || written.has(place))
  }, options)

  const reads = new Gather(async (all: ReadonlyArray<Read>): Promise<ReadonlyArray<Known>> => {
    const keys = all.flatMap(({ key }) => key ?? [])
    const { now, groups, answers } = await readGroups(
      sql,
      all.map(({ id }) => id),
      keys
    )
    return all.map(({ id, key }) => ({
      now,
      group: groups.get(id),
      answer: key === undefined ? undefined : answers.get(key)
    }))
  }, options)

  return {
    /** Begins a group unless its key was used. */
    begin: async (group: NewGroup): Promise<ReservationGroup | undefined> => {
      const times = await begins.ask(group)
      if (times === undefined) return undefined
      const blank = {
        revision: 1,
        attempt: 1,
        status: "pending",
        ended: undefined,
        answer: undefined,
        settled: false
      } as const
      return { ...group, ...blank, ...times }
    },

    /** @param key hash of another key whose answer is wanted too */
    read: (id: string, key?: string): Promise<Known> => reads.ask({ id, key }),

    /** @returns whether it was written; what is said without a change always is */
    write: (change: GroupChange | undefined, said?: Said): Promise<boolean> => writes.ask({ change, said })
  }
})

export class GroupRegister extends Context.Service<GroupRegister, Effect.Success<typeof make>>()(
  "@holdfast/engine/GroupRegister"
) {
  static readonly layer = Layer.effect(GroupRegister, make)
}
