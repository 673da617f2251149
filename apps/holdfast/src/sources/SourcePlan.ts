/** What a file of sources changes of what is declared. Pure. */
import {
  declaredEmitters,
  type DeclaredEmitter,
  type SourceFile,
  type SourceRegistry,
  type UnusedType
} from "@holdfast/domain/SourceRegistry"

export interface SourceChange {
  readonly kind: "new" | "changed" | "removed"
  /** absent of a type that is not used */
  readonly source?: string
  readonly type: string
  readonly silenceMinutes?: number | undefined
  readonly note?: string | undefined
}

export interface SourcePlan {
  readonly emitters: ReadonlyArray<DeclaredEmitter>
  /** absent when the file says nothing of it */
  readonly unused: ReadonlyArray<UnusedType> | undefined
  readonly changes: ReadonlyArray<SourceChange>
  readonly unchanged: number
}

interface Declared {
  readonly source?: string
  readonly type: string
  readonly silenceMinutes?: number | undefined
  readonly note?: string | undefined
}

const keyOf = ({ source = "", type }: Declared): string => `${type} ${source}`

const isSame = (a: Declared, b: Declared): boolean => a.silenceMinutes === b.silenceMinutes && a.note === b.note

const changesBetween = (
  before: ReadonlyArray<Declared>,
  after: ReadonlyArray<Declared>
): ReadonlyArray<SourceChange> => {
  const was = new Map(before.map((row) => [keyOf(row), row]))
  const is = new Set(after.map(keyOf))
  const written = after.flatMap((row): ReadonlyArray<SourceChange> => {
    const old = was.get(keyOf(row))
    if (old !== undefined && isSame(old, row)) return []
    return [{ ...row, kind: old === undefined ? "new" : "changed" }]
  })
  const removed = before.filter((row) => !is.has(keyOf(row))).map((row) => ({ ...row, kind: "removed" as const }))
  return [...written, ...removed]
}

export const sourcePlanOf = ({ sources, unused }: SourceFile, registry: SourceRegistry): SourcePlan => {
  const emitters = declaredEmitters(sources)
  const named = new Set(emitters.map(({ source }) => source))
  const notUsed = unused?.flatMap(({ types, note }) => types.map((type) => ({ type, note })))
  const before = registry.emitters.filter(({ source }) => named.has(source))
  const after = [...emitters, ...(notUsed ?? [])]
  const changes = changesBetween([...before, ...(notUsed === undefined ? [] : registry.unused)], after)
  const written = changes.filter(({ kind }) => kind !== "removed").length
  return { emitters, unused: notUsed, changes, unchanged: after.length - written }
}
