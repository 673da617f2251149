/**
 * `holdfast parked`: what could not be understood or applied, and what to do about it.
 *
 * Guarantee: replaying publishes through the front door like anybody else and marks a message only after the broker has stored
 * it again; nothing is deleted. A message that would only be parked again stays where it is, with the reason.
 */
import { Database, query } from "@holdfast/ledger/Database"
import * as Parked from "@holdfast/ledger/Parked"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { readFile } from "node:fs/promises"
import { jsonFlag, limitFlag } from "./CommandFlags.ts"
import { replayParked } from "./parked/ParkedPublish.ts"
import { listText, showJson, showText } from "./parked/ParkedText.ts"

/** Messages that are replayed at a time. */
const pageSize = 200

export class ParkedCommandError extends Schema.TaggedError<ParkedCommandError>()("ParkedCommandError", {
  message: Schema.String
}) {}

const refuse = (message: string) => Effect.fail(new ParkedCommandError({ message }))

const reasonFlag = Flag.String("reason").pipe(
  Flag.withDescription("Only this reason, such as invalid or unknown_sku"),
  Flag.optional
)
const someIds = Argument.Int("id").pipe(
  Argument.withDescription("Id as `holdfast parked list` shows it"),
  Argument.variadic()
)

const find = Effect.fnUntraced(function* (id: number) {
  const { sql } = yield* Database
  const message = yield* query(() => Parked.get(sql, id))
  return message ?? (yield* refuse(`nothing is parked with id ${id}; see: holdfast parked list --all`))
})

const list = Command.make(
  "list",
  {
    reason: reasonFlag,
    all: Flag.Boolean("all").pipe(Flag.withDescription("Also what was replayed or discarded"), Flag.withDefault(false)),
    json: jsonFlag,
    limit: limitFlag("Most rows", 100)
  },
  Effect.fn("ParkedCommand.list")(function* ({ reason, all, json, limit }) {
    const { sql } = yield* Database
    const asked = {
      waitingOnly: !all,
      limit,
      ...Option.match(reason, { onNone: () => ({}), onSome: (only) => ({ reason: only }) })
    }
    const rows = yield* query(() => Parked.list(sql, asked))
    yield* Console.log(json ? JSON.stringify(rows, undefined, 2) : listText(rows))
    if (!json && rows.length === limit)
      yield* Console.log(`\nonly the first ${limit} are shown; ask for more with --limit`)
  })
).pipe(Command.withDescription("List what is parked, oldest first"))

const show = Command.make(
  "show",
  {
    id: Argument.Int("id"),
    json: jsonFlag,
    payload: Flag.Boolean("payload").pipe(
      Flag.withDescription("Write nothing but the payload, byte for byte: into a file, to correct it"),
      Flag.withDefault(false)
    )
  },
  Effect.fn("ParkedCommand.show")(function* ({ id, json, payload }) {
    const message = yield* find(id)
    if (payload) return void (yield* Effect.sync(() => process.stdout.write(message.payload)))
    yield* Console.log(json ? showJson(message) : showText(message))
  })
).pipe(Command.withDescription("Show one message: why it was parked, its headers, its payload"))

/** Succeeds with which message was left and why, if it was. */
const replayOne = Effect.fnUntraced(function* (message: Parked.ParkedMessage, corrected?: Uint8Array) {
  const left = yield* replayParked(message, corrected)
  return left === undefined ? undefined : `${message.id}: ${left}`
})

const report = (lefts: ReadonlyArray<string | undefined>) =>
  Effect.gen(function* () {
    const left = lefts.filter((reason) => reason !== undefined)
    const replayed = lefts.length - left.length
    yield* Console.log(lefts.length === 0 ? "nothing is parked" : `replayed ${replayed} of ${lefts.length}`)
    if (left.length > 0) yield* refuse(`left where they are:\n${left.map((reason) => `  ${reason}`).join("\n")}`)
  })

const replayIds = Effect.fnUntraced(function* (ids: ReadonlyArray<number>, again: boolean, corrected?: Uint8Array) {
  const messages = yield* Effect.forEach(ids, find)
  const done = messages.find(({ replayedAt, discardedAt }) => replayedAt !== null || discardedAt !== null)
  if (done !== undefined && !again)
    return yield* refuse(`${done.id} was replayed or discarded before; replay it with --again`)
  return yield* report(yield* Effect.forEach(messages, (message) => replayOne(message, corrected)))
})

const replayWaiting = Effect.fnUntraced(function* (reason: string | undefined) {
  const { sql } = yield* Database
  const lefts: Array<string | undefined> = []
  for (let after = 0; ;) {
    const page = yield* query(() =>
      Parked.list(sql, { waitingOnly: true, limit: pageSize, after, ...(reason === undefined ? {} : { reason }) })
    )
    if (page.length === 0) return yield* report(lefts)
    const replayed = yield* Effect.forEach(
      page,
      ({ id }) => Effect.flatMap(find(id), (message) => replayOne(message)),
      {
        concurrency: 16
      }
    )
    lefts.push(...replayed)
    after = page.at(-1)!.id
  }
})

const replay = Command.make(
  "replay",
  {
    ids: someIds,
    all: Flag.Boolean("all").pipe(Flag.withDescription("Everything that waits"), Flag.withDefault(false)),
    reason: reasonFlag,
    file: Flag.File("file", { mustExist: true }).pipe(
      Flag.withDescription("Publish the bytes of this file instead: a corrected event; for one id"),
      Flag.optional
    ),
    again: Flag.Boolean("again").pipe(
      Flag.withDescription("Also what was replayed or discarded before"),
      Flag.withDefault(false)
    )
  },
  Effect.fn("ParkedCommand.replay")(function* ({ ids, all, reason, file, again }) {
    const only = Option.getOrUndefined(reason)
    const ways = [ids.length > 0, all, only !== undefined].filter(Boolean).length
    if (ways !== 1) return yield* refuse("say what to replay: ids, or --all, or --reason")
    if (ids.length === 0) {
      if (Option.isSome(file)) return yield* refuse("--file corrects one message: name its id")
      return yield* replayWaiting(only)
    }
    if (Option.isNone(file)) return yield* replayIds(ids, again)
    if (ids.length !== 1) return yield* refuse("--file corrects one message: name one id")
    const corrected = yield* Effect.tryPromise({
      try: () => readFile(file.value),
      catch: (cause) => new ParkedCommandError({ message: `${file.value} cannot be read: ${cause}` })
    })
    return yield* replayIds(ids, again, corrected)
  })
).pipe(
  Command.withDescription("Publish parked messages again at the front door"),
  Command.withExamples([
    {
      command: "holdfast parked replay --reason quarantined",
      description: "after the quarantine was lifted; unknown_sku goes back by itself"
    },
    { command: "holdfast parked replay 12 --file corrected.json", description: "with corrected bytes" }
  ])
)

const discard = Command.make(
  "discard",
  { ids: someIds },
  Effect.fn("ParkedCommand.discard")(function* ({ ids }) {
    if (ids.length === 0) return yield* refuse("say what to discard: one or more ids")
    const { sql } = yield* Database
    const discarded = yield* query(() => Parked.discard(sql, ids))
    const left = ids.filter((id) => !discarded.includes(id))
    yield* Console.log(`discarded ${discarded.length} of ${ids.length}; they are kept and listed with --all`)
    if (left.length > 0) yield* refuse(`not waiting, so not discarded: ${left.join(", ")}`)
  })
).pipe(Command.withDescription("Set aside for good what is not wanted; it is kept"))

/** Needs `NatsConnection` (for `replay`) and `Database`. */
export const parkedCommand = Command.make("parked").pipe(
  Command.withDescription("What could not be understood or applied"),
  Command.withSubcommands([list, show, replay, discard])
)
