/**
 * Queries on `account_budget`: what processes leased and spent of the budgets of an account.
 *
 * Guarantee: revisions of one account take effect one after the other, each upon the state that the one before left; nothing is locked
 * while one is decided. Every function rejects with what postgres.js threw, or when others were faster each time.
 */
import type { Sql } from "./Database.ts"

/** Others decide within milliseconds: so many times in a row they are faster only when there are hundreds of them. */
const attemptsMax = 50

interface Stored {
  readonly revision: number
  readonly state: unknown
  readonly now: number
}

const read = async (sql: Sql, account: string): Promise<Stored> => {
  const [row] = await sql<[Stored]>`
    select coalesce(b.revision, 0)::float8 as revision, b.state, extract(epoch from clock_timestamp())::float8 * 1000 as now
    from (values (${account}::text)) as asked (account) left join account_budget b using (account)`
  return row
}

/**
 * @param decide takes the state (null: there is none) and the database's clock in milliseconds since the epoch; may be asked several
 * times
 */
export const reviseAccountBudget = async <A>(
  sql: Sql,
  account: string,
  decide: (state: unknown, now: number) => { readonly state: object; readonly answer: A }
): Promise<A> => {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { revision, state, now } = await read(sql, account)
    const decided = decide(state, now)
    const text = JSON.stringify(decided.state)
    const { count } =
      revision === 0
        ? await sql`insert into account_budget (account, revision, state) values (${account}, 1, ${text}::text::jsonb)
            on conflict do nothing`
        : await sql`update account_budget set revision = revision + 1, state = ${text}::text::jsonb
            where account = ${account} and revision = ${revision}`
    if (count === 1) return decided.answer
  }
  throw new Error(`the budgets of ${account} are changed too often: ${attemptsMax} attempts`)
}
