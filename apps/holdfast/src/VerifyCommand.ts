/**
 * `holdfast verify`: folds the ledger anew and compares it with the state. Exits with 1 when they differ. When it ran, and with
 * which result, is kept for `holdfast checklist`.
 */
import { Database, query } from "@holdfast/ledger/Database"
import { recordVerification } from "@holdfast/ledger/Verification"
import { verify, verifyChecks, type VerifyReport } from "@holdfast/ledger/Verify"
import { Console, Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"

export class VerificationFailed extends Schema.TaggedError<VerificationFailed>()("VerificationFailed", {
  findings: Schema.Number
}) {
  override get message(): string {
    return `${this.findings} checks found that ledger and state differ: do not trust these SKUs, keep the database as it is`
  }
}

const text = ({ changes, skus, openHolds, oversoldUnits, findings }: VerifyReport): string => {
  const found = new Map(findings.map((finding) => [finding.check, finding]))
  const lines = verifyChecks.map((check) => {
    const finding = found.get(check)
    return finding === undefined
      ? `  ok      ${check}`
      : `  FAILED  ${check}: ${finding.count}, such as ${finding.examples.join("; ")}`
  })
  return [
    `${changes} changes of ${skus} SKUs, ${openHolds} open holds, ${oversoldUnits} units oversold`,
    ...lines
  ].join("\n")
}

/** Needs `Database`. */
export const verifyCommand = Command.make(
  "verify",
  {
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print the report as one JSON line"), Flag.withDefault(false))
  },
  Effect.fn("VerifyCommand")(function* ({ json }) {
    const { sql } = yield* Database
    const report = yield* verify(sql)
    yield* query(() => recordVerification(sql, report))
    yield* Console.log(json ? JSON.stringify(report) : text(report))
    if (report.findings.length > 0) return yield* new VerificationFailed({ findings: report.findings.length })
  })
).pipe(Command.withDescription("Fold the ledger anew and compare it with the state"))
