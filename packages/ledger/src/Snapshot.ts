/**
 * Reads of several queries that see one moment.
 *
 * Guarantee: what is committed meanwhile is in none of their results. They change nothing and wait for nobody.
 */
import type postgres from "postgres"
import type { Sql } from "./Database.ts"

/** A connection or a transaction. */
export type Reader = postgres.ISql<{ bigint: number }>

/** Rejects with what postgres.js or `run` threw. */
export const atOneMoment = <A>(sql: Sql, run: (snapshot: Reader) => Promise<A>): Promise<A> =>
  sql.begin("isolation level repeatable read read only", run) as Promise<A>
