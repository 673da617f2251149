/** When the ledger was verified last, and with which result. Every function rejects with what postgres.js threw. */
import type { Sql } from "./Database.ts"
import type { VerifyReport } from "./Verify.ts"

export interface Verification {
  /** milliseconds since the epoch */
  readonly verifiedAt: number
  readonly changes: number
  /** checks that found a difference */
  readonly findings: number
}

export const recordVerification = async (sql: Sql, { changes, findings }: VerifyReport): Promise<void> => {
  await sql`insert into verification (changes, findings) values (${changes}, ${findings.length})`
}

export const lastVerification = async (sql: Sql): Promise<Verification | undefined> => {
  const rows = await sql<Array<Verification>>`
    select round(extract(epoch from verified_at) * 1000)::float8 as "verifiedAt", changes, findings
    from verification order by id desc limit 1`
  return rows[0]
}
