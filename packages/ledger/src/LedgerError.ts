/** What can go wrong with the ledger, with the reason inside. */
import { Schema } from "effect"

export class LedgerError extends Schema.TaggedError<LedgerError>()("LedgerError", {
  /**
   * `fenced`: another owner took the partition. `rejected`: the data itself was refused by the database.
   * `unreachable`: the database did not answer; whether a commit took effect is unknown.
   */
  reason: Schema.Literals(["fenced", "rejected", "unreachable", "migration_failed"]),
  detail: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `ledger ${this.reason}: ${this.detail}`
  }
}

const sqlStateOf = (cause: unknown): string | undefined =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined

/** SQLSTATE classes that blame the data: data exception, integrity constraint violation. */
const blamesData = (state: string): boolean => /^(22|23)[0-9A-Z]{3}$/.test(state)

/** The fence divides by zero on purpose; nothing else in our statements divides. */
const divisionByZero = "22012"

/** Classifies what postgres.js threw. */
export const toLedgerError = (cause: unknown): LedgerError => {
  const state = sqlStateOf(cause)
  const detail = cause instanceof Error ? cause.message : String(cause)
  if (state === divisionByZero) return new LedgerError({ reason: "fenced", detail: "another owner took over", cause })
  if (state !== undefined && blamesData(state))
    return new LedgerError({ reason: "rejected", detail: `${state} ${detail}`, cause })
  return new LedgerError({ reason: "unreachable", detail: state === undefined ? detail : `${state} ${detail}`, cause })
}
