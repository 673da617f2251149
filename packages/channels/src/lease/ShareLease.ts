/**
 * Leases of a limit of so many at once: which units a member may hold, and to how many it is to come down.
 *
 * Guarantee: members hold no more units together than there are, and a unit changes hands only once its holder has given it up, or its
 * lease is over. A unit that was given up or lost is as empty as its holder said, at worst empty. Where there are fewer units than
 * members that want one, they take turns, the same for all that is shared: none holds calls while another holds the tokens. It changes the state that it is given, and nothing else.
 */
import { leaseTurnMillis } from "../ChannelLimit.ts"
import type { AccountState, MemberRecord, ShareAsk, ShareGrant, ShareRecord } from "./LeaseTerms.ts"

interface Wish {
  readonly id: string
  readonly want: number
}

/** So many for each that those who wish for less have what they wish for. */
const levelOf = (units: number, wishes: ReadonlyArray<Wish>): number => {
  let [left, among] = [units, wishes.length]
  for (const { want } of wishes.toSorted((a, b) => a.want - b.want)) {
    if (want > left / among) return Math.floor(left / among)
    left -= want
    among -= 1
  }
  return units
}

/** So many units for each, as evenly as their wishes allow; what cannot be divided goes to the first. */
export const allot = (units: number, wishes: ReadonlyArray<Wish>): ReadonlyMap<string, number> => {
  const level = levelOf(Math.max(0, units), wishes)
  const shares = new Map(wishes.map(({ id, want }) => [id, Math.min(want, level)]))
  let left = Math.max(0, units) - [...shares.values()].reduce((all, share) => all + share, 0)
  for (const { id, want } of wishes) {
    if (left < 1 || shares.get(id)! >= want) continue
    shares.set(id, shares.get(id)! + 1)
    left -= 1
  }
  return shares
}

interface Holder {
  readonly id: string
  readonly member: MemberRecord
  readonly share: ShareRecord
  readonly isLive: boolean
}

const holdersOf = (state: AccountState, name: string, now: number): ReadonlyArray<Holder> =>
  Object.entries(state.members).flatMap(([id, member]) => {
    const share = member.shares[name]
    return share === undefined ? [] : [{ id, member, share, isLive: member.until > now }]
  })

/** Who has just got some keeps them for a turn; then those come first that have gone without for longest. */
const place = ({ member: { servedAt, since } }: Holder, now: number): number =>
  since !== undefined && now - since < leaseTurnMillis ? Number.NEGATIVE_INFINITY : servedAt

/** After an exchange of the member. */
export const noteTurn = (member: MemberRecord, now: number): void => {
  if (Object.values(member.shares).some(({ held }) => held === 0)) member.since = undefined
  else {
    member.since ??= now
    member.servedAt = now
  }
}

/** Fills up to now those that were free when it was looked at last: what a lease that ended meanwhile left is empty still. */
const refill = (state: AccountState, name: string, free: number, refillMillis: number, now: number) => {
  const pool = (state.free[name] ??= { units: free, level: free, at: now })
  const filled = refillMillis === 0 ? pool.units : pool.level + (pool.units * (now - pool.at)) / refillMillis
  return Object.assign(pool, { level: Math.min(pool.units, filled), at: now })
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
  const record = (member.shares[name] ??= { units, refillMillis, lingerMillis, held: 0, want })
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
  Object.assign(pool, { level: pool.level - level, units: free - more })
  record.held += more
  return { units: record.held, level, target, of, elsewhere: heldBy(holders) - record.held }
}
