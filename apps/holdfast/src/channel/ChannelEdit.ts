/**
 * Changes of a channel, whoever asks for them: what they change, what is to be said of it, and their row in the history.
 *
 * Guarantee: a change is made upon what the channel is at that moment, so that none takes back another unseen; a definition that
 * does not decode changes nothing. A running instance follows within a second: see `ChannelFollower` of outbound.
 */
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { adviceOn, changedFields, type ChangedField, type ChannelSetting } from "@holdfast/domain/ChannelChange"
import { fieldErrorsOf, type FieldError } from "@holdfast/domain/EventManifest"
import {
  channelHistory,
  currentChannels,
  reviseChannel,
  type ChangeAuthor,
  type ChannelRevision
} from "@holdfast/ledger/ChannelDefinitions"
import { Database, query } from "@holdfast/ledger/Database"
import { Clock, Effect, Result, Schema } from "effect"

export class ChannelError extends Schema.TaggedError<ChannelError>()("ChannelError", {
  reason: Schema.Literals(["unknown", "invalid", "contended", "nothing_to_undo"]),
  detail: Schema.String,
  errors: Schema.Array(Schema.Struct({ field: Schema.String, message: Schema.String }))
}) {
  override get message(): string {
    return [this.detail, ...this.errors.map(({ field, message }) => `  ${field}: ${message}`)].join("\n")
  }
}

/** What a change comes to. */
export interface ChannelEdit {
  readonly channel: string
  readonly changed: ReadonlyArray<ChangedField>
  readonly advice: ReadonlyArray<string>
  /** absent when nothing was changed */
  readonly revision?: ChannelRevision
}

/** Times that a change is made anew when somebody else was faster: two operators at one channel are many. */
const attemptsMax = 3

export const channelUnknown = (id: string, known: ReadonlyArray<ChannelDefinition>) =>
  new ChannelError({
    reason: "unknown",
    detail: `no channel is called ${id}; ${known.length === 0 ? "there is none" : `there is ${known.map((each) => each.id).join(", ")}`}`,
    errors: []
  })

export const channels = Effect.gen(function* () {
  const { sql } = yield* Database
  return yield* query(() => currentChannels(sql))
})

export const channelOf = Effect.fnUntraced(function* (id: string) {
  const known = yield* channels
  const found = known.find(({ definition }) => definition.id === id)
  if (found !== undefined) return found
  return yield* channelUnknown(
    id,
    known.map(({ definition }) => definition)
  )
})

const decodeDefinition = Schema.decodeUnknownResult(ChannelDefinition, { errors: "all", onExcessProperty: "error" })

/** Fields of a definition as somebody wrote them; undefined takes one away. */
export type DefinitionPatch = Readonly<Record<string, unknown>>

const patched = (definition: ChannelDefinition, patch: DefinitionPatch) =>
  Object.fromEntries(Object.entries({ ...definition, ...patch }).filter(([, value]) => value !== undefined))

const invalid = (errors: ReadonlyArray<FieldError>, id: string) =>
  new ChannelError({ reason: "invalid", detail: `the definition of ${id} would not be valid`, errors })

/** The definition with these fields. Fails with the fields that are wrong. */
export const withFields = (definition: ChannelDefinition, patch: DefinitionPatch) => {
  const decoded = decodeDefinition(patched(definition, patch))
  if (Result.isFailure(decoded))
    return Effect.fail(invalid(fieldErrorsOf("definition", decoded.failure), definition.id))
  if (decoded.success.id === definition.id) return Effect.succeed(decoded.success)
  return Effect.fail(invalid([{ field: "definition.id", message: "cannot be changed" }], definition.id))
}

type Change = (now: ChannelSetting) => Effect.Effect<ChannelSetting & { readonly undoes?: number }, ChannelError>

export interface EditRequest extends ChangeAuthor {
  readonly channel: string
  readonly dryRun?: boolean
}

/** Changes a channel that is known. */
export const editChannel = ({ channel, dryRun = false, ...author }: EditRequest, change: Change) =>
  Effect.gen(function* () {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const before = yield* channelOf(channel)
      const edit = yield* revise(before, yield* change(before), author, dryRun)
      if (edit !== undefined) return edit
    }
    const detail = `${channel} is being changed by somebody else; look at it with "holdfast channel history ${channel}", then try again`
    return yield* new ChannelError({ reason: "contended", detail, errors: [] })
  })

const revise = Effect.fnUntraced(function* (
  before: ChannelRevision | undefined,
  after: ChannelSetting & { readonly undoes?: number },
  author: ChangeAuthor,
  dryRun: boolean
) {
  const { sql } = yield* Database
  const now = yield* Clock.currentTimeMillis
  const changed = changedFields(before, after)
  const edit = { channel: after.definition.id, changed, advice: adviceOn(after.definition, now) }
  if (dryRun || changed.length === 0) return edit
  const revision = yield* query(() => reviseChannel(sql, { ...after, ...author, upon: before?.id ?? 0 }, now))
  return revision === undefined ? undefined : { ...edit, revision }
})

/** Makes a channel what a file says, whether it was known or not. What it does (paused, say) stays. */
export const applyDefinition = (definition: ChannelDefinition, author: ChangeAuthor, dryRun: boolean) =>
  Effect.gen(function* () {
    const before = (yield* channels).find((each) => each.definition.id === definition.id)
    const edit = yield* revise(before, { definition, operation: before?.operation ?? "running" }, author, dryRun)
    if (edit !== undefined) return edit
    return yield* editChannel({ channel: definition.id, ...author }, ({ operation }) =>
      Effect.succeed({ definition, operation })
    )
  })

/** Changes that `undo` looks back over. */
const historyMax = 1_000

/** Makes a channel what it was before its last change; asked again, before the one before. */
export const undoChange = (request: EditRequest) =>
  Effect.gen(function* () {
    const { sql } = yield* Database
    const history = yield* query(() => channelHistory(sql, request.channel, historyMax))
    const target = revisionBefore(history)
    return yield* editChannel(request, () =>
      target === undefined
        ? Effect.fail(
            new ChannelError({
              reason: "nothing_to_undo",
              detail: `${request.channel} was never changed; "holdfast channel history ${request.channel}" shows what is known`,
              errors: []
            })
          )
        : Effect.succeed({ ...target.setting, undoes: target.undoes })
    )
  })

/** Whose setting a row repeats: its own, or, where it took a change back, that of the row before that change. */
const originOf = (history: ReadonlyArray<ChannelRevision>, at: number): number => {
  const undoes = history[at]?.undoes ?? null
  return undoes === null ? at : originOf(history, history.findIndex(({ id }) => id === undoes) + 1)
}

/** What the last change that is not taken back yet replaced. @param history newest first */
export const revisionBefore = (
  history: ReadonlyArray<ChannelRevision>
): { readonly setting: ChannelSetting; readonly undoes: number } | undefined => {
  const at = originOf(history, 0)
  const [last, before] = [history[at], history[at + 1]]
  if (last === undefined || before === undefined) return undefined
  const { definition, operation } = before
  return { setting: { definition, operation }, undoes: last.id }
}
