/**
 * Which system emits which events, how long its silence is normal, and what follows from when it was last heard.
 *
 * Guarantee: every type of event appears in `emittersOf`, with an emitter, as not used, or as one that nobody emits. Pure: the
 * time is passed in. It does not refuse an event: a source that was not declared is pointed out.
 */
import { Schema } from "effect"
import { eventTypes, isEventType } from "./EventManifest.ts"
import { EventSource, Note } from "./Identity.ts"
import type { StockEventType } from "./StockEvent.ts"

/** Minutes of silence that a declaration may allow: a year and a day, for what happens once a year. */
const silenceMinutesMax = 366 * 24 * 60

/** Not a union of literals: what such a one says of a type that is misspelled does not repeat it. */
const EventType = Schema.String.check(
  Schema.makeFilter(
    (type: string) =>
      isEventType(type)
        ? undefined
        : `must be one of ${eventTypes.join(", ")}, got ${JSON.stringify(type.slice(0, 64))}`,
    undefined,
    true
  )
).pipe(Schema.refine(isEventType))

const Types = Schema.Array(EventType).check(
  Schema.makeFilter((types: ReadonlyArray<string>) => (types.length > 0 ? undefined : "must name at least one type"))
)

const SilenceMinutes = Schema.Number.check(
  Schema.makeFilter((n: number) =>
    Number.isInteger(n) && n >= 1 && n <= silenceMinutesMax
      ? undefined
      : `must be a whole number from 1 to ${silenceMinutesMax}, got ${n}`
  )
)

/** A system and events of it. A system may have several, when the silence of some is longer than that of others. */
export const SourceDeclaration = Schema.Struct({
  source: EventSource,
  types: Types,
  /** minutes without any of these events that are normal; absent: any silence is */
  silenceMinutes: Schema.optionalKey(SilenceMinutes),
  note: Schema.optionalKey(Note)
}).annotate({ messageUnexpectedKey: "is not known: fields are source, types, silenceMinutes, note" })
export type SourceDeclaration = typeof SourceDeclaration.Type

/** Events that the business does not have. */
export const UnusedTypes = Schema.Struct({ types: Types, note: Schema.optionalKey(Note) }).annotate({
  messageUnexpectedKey: "is not known: fields are types, note"
})
export type UnusedTypes = typeof UnusedTypes.Type

/** A file of sources. What it says of a source replaces what was said of it; `unused` replaces all that was not used. */
export const SourceFile = Schema.Struct({
  sources: Schema.Array(SourceDeclaration),
  unused: Schema.optionalKey(Schema.Array(UnusedTypes))
}).annotate({ messageUnexpectedKey: "is not known: fields are sources, unused" })
export type SourceFile = typeof SourceFile.Type

/** One source and one type, as it was declared. */
export interface DeclaredEmitter {
  readonly source: string
  readonly type: StockEventType
  readonly silenceMinutes: number | undefined
  readonly note: string | undefined
}

export interface UnusedType {
  readonly type: StockEventType
  readonly note: string | undefined
}

export interface SourceRegistry {
  readonly emitters: ReadonlyArray<DeclaredEmitter>
  readonly unused: ReadonlyArray<UnusedType>
}

/** One source and one type, as it was heard. Times are milliseconds since the epoch. */
export interface SeenEmitter {
  readonly source: string
  readonly type: string
  readonly firstSeenAt: number
  readonly lastSeenAt: number
  readonly events: number
}

/**
 * - `ok`: heard within its silence, or any silence is normal
 * - `silent`: declared, and not heard for longer than is normal
 * - `never`: declared with a silence, and not heard yet
 * - `undeclared`: heard, and not declared
 * - `no emitter`: nobody was declared or heard
 * - `not used`: nobody is to emit it
 */
export type EmitterStatus = "ok" | "silent" | "never" | "undeclared" | "no emitter" | "not used"

export interface EmitterReport {
  readonly type: StockEventType
  /** absent when the type has no emitter */
  readonly source?: string
  readonly declared: boolean
  readonly status: EmitterStatus
  readonly silenceMinutes?: number
  readonly note?: string
  readonly firstSeenAt?: number
  readonly lastSeenAt?: number
  readonly events?: number
}

/** Declared places of one pair of source and type, if it is there twice. */
const declaredTwice = (declarations: ReadonlyArray<SourceDeclaration>): ReadonlyArray<string> => {
  const first = new Map<string, string>()
  return declarations.flatMap(({ source, types }, i) =>
    types.flatMap((type, j) => {
      const field = `sources[${i}].types[${j}]`
      const key = `${type} ${source}`
      const earlier = first.get(key)
      first.set(key, earlier ?? field)
      return earlier === undefined ? [] : [`${field}: ${type} of ${source} is at ${earlier} already`]
    })
  )
}

/** What a file of sources says against itself, one text each. */
export const sourceContradictions = ({ sources, unused = [] }: SourceFile): ReadonlyArray<string> => {
  const emitted = new Map(sources.flatMap(({ source, types }) => types.map((type) => [type, source] as const)))
  const both = unused.flatMap(({ types }, i) =>
    types.flatMap((type, j) => {
      const source = emitted.get(type)
      return source === undefined ? [] : [`unused[${i}].types[${j}]: ${type} is emitted by ${source}`]
    })
  )
  return [...declaredTwice(sources), ...both]
}

/** The declarations as one row per source and type. */
export const declaredEmitters = (sources: ReadonlyArray<SourceDeclaration>): ReadonlyArray<DeclaredEmitter> =>
  sources.flatMap(({ source, types, silenceMinutes, note }) =>
    types.map((type) => ({ source, type, silenceMinutes, note }))
  )

const statusOf = (
  declared: DeclaredEmitter | undefined,
  seen: SeenEmitter | undefined,
  now: number
): "ok" | "silent" | "never" | "undeclared" => {
  if (declared === undefined) return "undeclared"
  const { silenceMinutes } = declared
  if (silenceMinutes === undefined) return "ok"
  if (seen === undefined) return "never"
  return now - seen.lastSeenAt > silenceMinutes * 60_000 ? "silent" : "ok"
}

const reportOf = (
  type: StockEventType,
  source: string,
  declared: DeclaredEmitter | undefined,
  seen: SeenEmitter | undefined,
  now: number
): EmitterReport => ({
  type,
  source,
  declared: declared !== undefined,
  status: statusOf(declared, seen, now),
  ...(declared?.silenceMinutes === undefined ? {} : { silenceMinutes: declared.silenceMinutes }),
  ...(declared?.note === undefined ? {} : { note: declared.note }),
  ...(seen === undefined ? {} : { firstSeenAt: seen.firstSeenAt, lastSeenAt: seen.lastSeenAt, events: seen.events })
})

const bySource = <E extends { readonly source: string; readonly type: string }>(rows: ReadonlyArray<E>, type: string) =>
  new Map(rows.filter((row) => row.type === type).map((row) => [row.source, row]))

/**
 * Every type of event with everybody who was declared for it or heard with it, in the order of the manifest.
 * @param now milliseconds since the epoch
 */
export const emittersOf = (
  registry: SourceRegistry,
  seen: ReadonlyArray<SeenEmitter>,
  now: number
): ReadonlyArray<EmitterReport> =>
  eventTypes.flatMap((type): ReadonlyArray<EmitterReport> => {
    const declared = bySource(registry.emitters, type)
    const heard = bySource(seen, type)
    const sources = [...new Set([...declared.keys(), ...heard.keys()])].toSorted()
    if (sources.length > 0)
      return sources.map((source) => reportOf(type, source, declared.get(source), heard.get(source), now))
    const unused = registry.unused.find((row) => row.type === type)
    if (unused === undefined) return [{ type, declared: false, status: "no emitter" }]
    return [{ type, declared: false, status: "not used", ...(unused.note === undefined ? {} : { note: unused.note }) }]
  })
