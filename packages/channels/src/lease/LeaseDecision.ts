/**
 * What one member of an account is granted, and what the account is afterwards: pure, for whoever stores accounts.
 *
 * Guarantee: no limit is exceeded over any span, whatever members do, however they end, and whichever messages are lost, late
 * or repeated; so long as a member ends its use of a lease `leaseSlackMillis` before the store does, by a clock that loses no more
 * than that meanwhile. What members declare counts together, the strictest first.
 */
import { strictest } from "../budget/Budgets.ts"
import { allowanceMaxMillis, leaseMillis, retryAfterMaxMillis, spokenMillis } from "../ChannelLimit.ts"
import { forgetSpent, grantCount, noteSpent, outstandingOf } from "./CountLease.ts"
import {
  type AccountState,
  emptyAccount,
  type LeaseAnswer,
  type LeaseRequest,
  type MemberRecord,
  type SpokenNow
} from "./LeaseTerms.ts"
import { grantShare, noteTurn } from "./ShareLease.ts"

const mapValues = <A, B>(record: Readonly<Record<string, A>>, f: (value: A, name: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]))

/** What a member held counts as spent when its lease ended; calls may be under way a little longer. */
const endLeases = (state: AccountState, now: number): void => {
  const ended = Object.entries(state.members).filter(([, { until }]) => until <= now)
  for (const [id, member] of ended.sort(([, a], [, b]) => a.until - b.until)) {
    for (const [name, record] of Object.entries(member.counts))
      noteSpent(state, name, record.windowMillis, member.until, outstandingOf(record))
    member.counts = {}
    const lasting = Object.entries(member.shares).filter(
      ([, { held, lingerMillis }]) => held > 0 && member.until + lingerMillis > now
    )
    member.shares = Object.fromEntries(lasting)
    if (lasting.length === 0) delete state.members[id]
  }
}

const nameOf = ({ kind, windowMillis }: SpokenNow): string => `${kind} ${windowMillis ?? ""}`

const noteSpoken = (state: AccountState, { member, spoken }: LeaseRequest, now: number): void => {
  for (const said of spoken) {
    state.heard += 1
    const { resetMillis } = said
    const until = now + Math.min(resetMillis ?? spokenMillis, allowanceMaxMillis)
    const resetAt = resetMillis === undefined ? {} : { resetAt: now + resetMillis }
    state.spoken[nameOf(said)] = { number: state.heard, by: member, until, said, ...resetAt }
  }
}

const newsFor = (state: AccountState, { member, heard }: LeaseRequest, now: number): ReadonlyArray<SpokenNow> =>
  Object.values(state.spoken)
    .filter(({ number, by, until }) => number > heard && by !== member && until > now)
    .map(({ said, resetAt }) => (resetAt === undefined ? said : { ...said, resetMillis: resetAt - now }))

const othersOf = (state: AccountState, { member }: LeaseRequest, now: number) => {
  const others = Object.entries(state.members).filter(([id, { until }]) => id !== member && until > now)
  return others.length === 0 ? undefined : strictest(others.map(([, { rate }]) => rate))
}

/** It takes nothing more; calls that it had under way keep their places for as long as they may last. */
const leave = (state: AccountState, id: string, member: MemberRecord, now: number): void => {
  member.until = now
  for (const [name, record] of Object.entries(member.counts))
    noteSpent(state, name, record.windowMillis, now, outstandingOf(record))
  member.counts = {}
  for (const [name, { held, lingerMillis }] of Object.entries(member.shares))
    if (held === 0 || lingerMillis === 0) delete member.shares[name]
  if (Object.keys(member.shares).length === 0) delete state.members[id]
}

/** @returns the member as it is recorded; undefined: its leases are over */
const memberOf = (state: AccountState, { member: id, turn, fresh, rate }: LeaseRequest, now: number) => {
  const known = state.members[id]
  if (known === undefined) return fresh ? { until: 0, turn: 0, servedAt: 0, rate, counts: {}, shares: {} } : undefined
  return known.until > now && turn > known.turn ? known : undefined
}

/** @param before undefined: nothing is stored of the account @param clock the store's, milliseconds since the epoch */
export const decideLease = (
  before: AccountState | undefined,
  request: LeaseRequest,
  clock: number
): { readonly state: AccountState; readonly answer: LeaseAnswer } => {
  const state = structuredClone(before ?? emptyAccount())
  const now = Math.max(clock, state.at)
  state.at = now
  endLeases(state, now)
  forgetSpent(state, now)
  for (const [name, { until }] of Object.entries(state.spoken)) if (until <= now) delete state.spoken[name]
  const member = memberOf(state, request, now)
  if (member === undefined) return { state, answer: { _tag: "gone" } }
  const { member: id, turn, rate, pauseMillis } = request
  state.members[id] = Object.assign(member, { until: now + leaseMillis, turn, rate })
  if (pauseMillis > 0) state.pausedUntil = Math.max(state.pausedUntil, now + Math.min(pauseMillis, retryAfterMaxMillis))
  const counts = mapValues(request.counts, (ask, name) => grantCount(state, member.counts, name, ask, now))
  const shares = mapValues(request.shares, (ask, name) => grantShare(state, member, id, name, ask, now))
  noteTurn(member, now)
  const answer = {
    _tag: "granted",
    counts,
    shares,
    others: othersOf(state, request, now),
    pauseMillis: Math.max(0, state.pausedUntil - now),
    spoken: newsFor(state, request, now),
    heard: state.heard
  } as const
  noteSpoken(state, request, now)
  if (request.leaves) leave(state, id, member, now)
  return { state, answer }
}
