/**
 * Leases of a limit of so many over a window: what a member may be granted, and what counts as spent.
 *
 * Guarantee: what was spent within the window and what members hold together never exceed the limit. What a member held when its
 * lease ended counts as spent at that moment. It changes the state that it is given, and nothing else.
 */
import { leaseRetryMillis, leaseRetryMillisMax, windowSlots } from "../ChannelLimit.ts"
import type { AccountState, Amount, CountAsk, CountGrant, CountRecord } from "./LeaseTerms.ts"

const none: Amount = { all: 0, others: 0 }

export const outstandingOf = ({
  granted,
  spent,
  returned
}: Pick<CountRecord, "granted" | "spent" | "returned">): Amount => ({
  all: granted.all - spent.all - returned.all,
  others: granted.others - spent.others - returned.others
})

const sum = (amounts: Iterable<Amount>): { all: number; others: number } => {
  const total = { all: 0, others: 0 }
  for (const { all, others } of amounts) {
    total.all += all
    total.others += others
  }
  return total
}

const recordsOf = (state: AccountState, name: string): Array<CountRecord> =>
  Object.values(state.members).flatMap(({ counts }) => counts[name] ?? [])

/** Counts an amount from `at` on, until the window has passed since. */
export const noteSpent = (
  state: AccountState,
  name: string,
  windowMillis: number,
  at: number,
  amount: Amount
): void => {
  if (amount.all <= 0 && amount.others <= 0) return
  const slots = (state.spent[name] ??= [])
  const slotMillis = Math.max(1, Math.ceil(windowMillis / windowSlots))
  const until = (Math.floor(at / slotMillis) + 1) * slotMillis + windowMillis
  const last = slots.at(-1)
  // one that ended earlier may be noted later: counting it a little longer is safe
  if (last === undefined || last.until < until) slots.push({ until, ...amount })
  else slots[slots.length - 1] = { until: last.until, ...sum([last, amount]) }
}

export const forgetSpent = (state: AccountState, now: number): void => {
  for (const [name, slots] of Object.entries(state.spent)) {
    const counting = slots.filter(({ until }) => until > now)
    if (counting.length > 0) state.spent[name] = counting
    else delete state.spent[name]
  }
}

const retryAfter = (state: AccountState, name: string, own: CountRecord, now: number): number => {
  const elsewhere = recordsOf(state, name).some((record) => record !== own && outstandingOf(record).all > 0)
  if (elsewhere) return leaseRetryMillis
  const next = state.spent[name]?.[0]?.until ?? now
  return Math.min(Math.max(next - now, leaseRetryMillis), leaseRetryMillisMax)
}

/** @param counts those of the member that asks */
export const grantCount = (
  state: AccountState,
  counts: Record<string, CountRecord>,
  name: string,
  ask: CountAsk,
  now: number
): CountGrant => {
  const { max, kept, windowMillis, spent, returned, want } = ask
  const record = (counts[name] ??= { max, kept, windowMillis, granted: none, spent: none, returned: none })
  const since = { all: spent.all - record.spent.all, others: spent.others - record.spent.others }
  noteSpent(state, name, windowMillis, now, since)
  Object.assign(record, { max, kept, windowMillis, spent, returned })
  const records = recordsOf(state, name)
  const used = sum([...(state.spent[name] ?? []), ...records.map(outstandingOf)])
  const least = Math.min(...records.map((each) => each.max))
  const others = Math.min(...records.map((each) => each.max - each.kept)) - used.others
  const share = (left: number) => Math.max(0, Math.ceil(left / records.length))
  const more = { all: Math.min(want.all, share(least - used.all)), others: Math.min(want.others, share(others)) }
  record.granted = sum([record.granted, more])
  const held = outstandingOf(record)
  const lacks = held.all < 1 || (want.others > 0 && held.others < 1)
  return { granted: record.granted, retryMillis: lacks ? retryAfter(state, name, record, now) : 0 }
}
