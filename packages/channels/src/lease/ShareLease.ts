/**
 * Leases of a limit of so many at once: which units a member may hold, and to how many it is to come down.
 *
 * Guarantee: members hold no more units together than there are, and a unit changes hands only once its holder has given it up, or its
 * lease is over. A unit that was given up or lost is as empty as its holder said, at worst empty. Where there are fewer units than
 * members that want one, they take turns. It changes the state that it is given, and nothing else.
 */
import { leaseTurnMillis } from "../ChannelLimit.ts"
import type { AccountState, MemberRecord, ShareAsk, ShareGrant, ShareRecord } from "./LeaseTerms.ts"

interface Wish {
  readonly id: string
  readonly want: number
}

/** So many units for each, as evenly as their wishes allow; what cannot be divided goes to the first. */
export const allot = (units: number, wishes: ReadonlyArray<Wish>): ReadonlyMap<string, number> => {
  const shares = new Map<string, number>()
  let left = Math.max(0, units)
  let among = wishes.length
  for (const { id, want } of wishes.toSorted((a, b) => a.want - b.want)) {
    const share = Math.min(want, Math.floor(left / among))
    shares.set(id, share)
    left -= share
    among -= 1
  }
  for (const { id, want } of wishes) {
    const share = shares.get(id)!
    if (left < 1 || share >= want) continue
    shares.set(id, share + 1)
    left -= 1
  }
  return shares
}

interface Holder {
  readonly id: string
  readonly share: ShareRecord
  readonly isLive: boolean
}

const holdersOf = (state: AccountState, name: string, now: number): ReadonlyArray<Holder> =>
  Object.entries(state.members).flatMap(([id, { shares, until }]) => {
    const share = shares[name]
    return share === undefined ? [] : [{ id, share, isLive: until > now }]
  })

/** Who has just got some keeps them for a turn; then those come first that have gone without for longest. */
const place = ({ share }: Holder, now: number): number =>
  share.held > 0 && now - share.since < leaseTurnMillis ? Number.NEGATIVE_INFINITY : share.servedAt

/** Fills the free units up to now. */
const refill = (state: AccountState, name: string, free: number, refillMillis: number, now: number) => {
  const pool = (state.free[name] ??= { level: free, at: now })
  const filled = refillMillis === 0 ? free : pool.level + (free * (now - pool.at)) / refillMillis
  pool.level = Math.min(free, filled)
  pool.at = now
  return pool
}

const unitsOf = (holders: ReadonlyArray<Holder>): number =>
  Math.min(...holders.filter(({ isLive }) => isLive).map(({ share }) => share.units))

const heldBy = (holders: ReadonlyArray<Holder>): number => holders.reduce((all, { share }) => all + share.held, 0)

const targetOf = (holders: ReadonlyArray<Holder>, id: string, units: number, free: number, now: number): number => {
  const live = holders.filter(({ isLive }) => isLive)
  const own = live.find((each) => each.id === id)!.share
  const lacking = live.reduce((all, { share }) => all + Math.max(0, Math.min(share.want, units) - share.held), 0)
  if (lacking <= free) return Math.max(Math.min(own.held, units), Math.min(own.want, units))
  const gone = holders.reduce((all, { share, isLive }) => all + (isLive ? 0 : share.held), 0)
  const inTurn = live.toSorted((a, b) => place(a, now) - place(b, now))
  const wishes = inTurn.map(({ id, share }) => ({ id, want: Math.min(share.want, units) }))
  return allot(units - gone, wishes).get(id)!
}

/** @param member the one that asks, by the name `id` */
export const grantShare = (
  state: AccountState,
  member: MemberRecord,
  id: string,
  name: string,
  ask: ShareAsk,
  now: number
): ShareGrant => {
  const { units, refillMillis, lingerMillis, hold, back, want } = ask
  const record = (member.shares[name] ??= { units, refillMillis, lingerMillis, held: 0, want, servedAt: 0, since: now })
  const before = record.held
  Object.assign(record, { units, refillMillis, lingerMillis, want })
  const holders = holdersOf(state, name, now)
  const of = unitsOf(holders)
  const pool = refill(state, name, Math.max(0, of - heldBy(holders)), refillMillis, now)
  if (hold < before) {
    record.held = hold
    pool.level += Math.min(back, before - hold)
  }
  const free = Math.max(0, of - heldBy(holders))
  pool.level = Math.min(pool.level, free)
  const target = targetOf(holders, id, of, free, now)
  const more = Math.min(Math.max(0, target - record.held), free)
  const level = free === 0 ? 0 : (pool.level * more) / free
  pool.level -= level
  if (record.held === 0 && more > 0) record.since = now
  record.held += more
  if (record.held > 0 || before > 0) record.servedAt = now
  return { units: record.held, level, target, of, elsewhere: heldBy(holders) - record.held }
}
