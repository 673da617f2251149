/**
 * `holdfast checklist`: walks through the beginner's checklist for inventory sync: what is there, what is missing, how to mend
 * it. Exits with 0 only when nothing is missing. It changes nothing.
 */
import { readChannelFile } from "@holdfast/outbound/ChannelFile"
import { Console, Effect, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { checklist } from "./checklist/Checklist.ts"
import { checklistText, summaryText } from "./checklist/ChecklistText.ts"
import { isComplete } from "./checklist/Finding.ts"
import { jsonFlag } from "./CommandFlags.ts"
import { stdoutStyle } from "./terminal/TerminalStyle.ts"

export class ChecklistIncomplete extends Schema.TaggedError<ChecklistIncomplete>()("ChecklistIncomplete", {
  summary: Schema.String
}) {
  override get message(): string {
    return this.summary
  }
}

/** Needs `Database`. */
export const checklistCommand = Command.make(
  "checklist",
  {
    channels: Flag.File("channels", { mustExist: true }).pipe(
      Flag.withDescription("Judge the channels of this file instead of those of the running instance"),
      Flag.optional
    ),
    json: jsonFlag
  },
  Effect.fn("ChecklistCommand")(function* ({ channels, json }) {
    const given = Option.isSome(channels) ? yield* readChannelFile(channels.value) : undefined
    const points = yield* checklist(given)
    const complete = points.every(isComplete)
    const style = stdoutStyle()
    yield* Console.log(
      json
        ? JSON.stringify(
            { complete, points: points.map((point) => ({ ...point, complete: isComplete(point) })) },
            undefined,
            2
          )
        : `${checklistText(points, style)}\n`
    )
    if (!complete) return yield* new ChecklistIncomplete({ summary: summaryText(points) })
    if (!json) yield* Console.log(summaryText(points))
  })
).pipe(Command.withDescription("The beginner's checklist: what is there, what is missing, how to mend it"))
