/**
 * `holdfast channel reconcile`: has the running instance compare what a channel shows with what it confirmed, waits for the end and
 * says what was found. Ending the command does not end the run.
 */
import type { ReconciliationReport } from "@holdfast/channels/ReconciliationReport"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { authorFlags, channelArgument, jsonFlag } from "../CommandFlags.ts"
import { stdoutStyle } from "../terminal/TerminalStyle.ts"
import { channelOf } from "./ChannelEdit.ts"
import { askInstance, InstanceUnanswered } from "./ChannelInstance.ts"
import { progressText, reconciliationText } from "./ReconciliationText.ts"

/** Milliseconds between two looks at a run that goes on, and looks between two lines about it. */
const lookMillis = 200
const looksPerLine = 10

const asked = "not reconciled"

interface Answer {
  readonly report: ReconciliationReport | null
  readonly refused: string | null
}

const pathOf = (channel: string): string => `/${encodeURIComponent(channel)}/reconciliation`

const lastOf = (channel: string) => Effect.map(askInstance(pathOf(channel), asked), (answer) => answer as Answer)

/** Waits for its end; a line on standard error every two seconds. */
const ended = Effect.fnUntraced(function* (channel: string, begun: ReconciliationReport) {
  for (let look = 1; ; look++) {
    yield* Effect.sleep(lookMillis)
    const { report } = yield* lastOf(channel)
    if (report?.begunAt !== begun.begunAt)
      return yield* new InstanceUnanswered({ asked, detail: "the instance was started anew meanwhile" })
    if (report.endedAt !== undefined) return report
    if (look % looksPerLine === 5) yield* Console.error(progressText(report))
  }
})

export const reconcileCommand = Command.make(
  "reconcile",
  {
    channel: channelArgument,
    heal: Flag.Boolean("heal").pipe(
      Flag.withDescription("Repair what differs however large its share is"),
      Flag.withDefault(false)
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Say what differs, repair nothing"),
      Flag.withDefault(false)
    ),
    last: Flag.Boolean("last").pipe(
      Flag.withDescription("Show the last report, or how a run goes; begin none"),
      Flag.withDefault(false)
    ),
    ...authorFlags("Who wants it", "Why; kept in the report"),
    json: jsonFlag
  },
  Effect.fn("ReconcileCommand")(function* ({ channel, heal, dryRun, last, by, reason, json }) {
    yield* channelOf(channel)
    const say = (report: ReconciliationReport) =>
      Console.log(json ? JSON.stringify(report, undefined, 2) : reconciliationText(report, stdoutStyle()))
    if (last) {
      const { report, refused } = yield* lastOf(channel)
      if (report === null) return yield* Console.log(refused ?? `${channel} was not reconciled since it runs`)
      return yield* report.endedAt === undefined && !json ? Console.log(progressText(report)) : say(report)
    }
    if (heal && dryRun)
      return yield* new InstanceUnanswered({ asked, detail: "--heal and --dry-run exclude each other" })
    const request = {
      by,
      heal: dryRun ? "none" : heal ? "all" : "below",
      ...(Option.isSome(reason) ? { reason: reason.value } : {})
    }
    const begun = (yield* askInstance(pathOf(channel), asked, request)) as { readonly report: ReconciliationReport }
    yield* say(yield* ended(channel, begun.report))
  })
).pipe(Command.withDescription("Compare what the channel shows with what it was told, and repair what differs"))
