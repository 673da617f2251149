/**
 * What a file of mappings changes of those that are stored.
 *
 * Guarantee: pure. Without problems, applying it leaves every key of the channel with one SKU; the same file again changes nothing.
 */
import type { LineProblem } from "@holdfast/domain/Catalogue"
import type { Sku } from "@holdfast/domain/Identity"
import type { MappingLine } from "./MappingFile.ts"

export interface MappingChange {
  readonly line: number
  readonly sku: Sku
  readonly kind: "new" | "changed" | "removed"
  /** the channel's key before and after, null where there is none */
  readonly before: string | null
  readonly after: string | null
  /** what is to be stored; null: nothing */
  readonly external: unknown
}

export interface MappingPlan {
  readonly changes: ReadonlyArray<MappingChange>
  /** lines that say what is so already */
  readonly unchanged: number
  readonly problems: ReadonlyArray<LineProblem>
}

const changeOf = ({ line, sku, listing }: MappingLine, before: string | null): MappingChange | undefined => {
  const after = listing?.key ?? null
  if (after === before) return undefined
  const kind = after === null ? "removed" : before === null ? "new" : "changed"
  return { line, sku, kind, before, after, external: listing?.external ?? null }
}

/**
 * @param column of the file that says the key
 * @param stored keys by SKU, of the SKUs of these lines
 * @param owners SKUs by key, of the keys of these lines
 */
export const mappingPlanOf = (
  lines: ReadonlyArray<MappingLine>,
  column: string,
  stored: ReadonlyMap<Sku, string>,
  owners: ReadonlyMap<string, Sku>
): MappingPlan => {
  const named = new Set(lines.map(({ sku }) => sku))
  const changes: Array<MappingChange> = []
  const problems: Array<LineProblem> = []
  for (const each of lines) {
    const change = changeOf(each, stored.get(each.sku) ?? null)
    if (change === undefined) continue
    changes.push(change)
    const owner = change.after === null ? undefined : owners.get(change.after)
    // what another line moves elsewhere is free
    if (owner === undefined || named.has(owner)) continue
    const message = `is mapped to ${owner} already: a line with ${owner} and - removes that`
    problems.push({ line: each.line, field: `column ${column}`, message, value: change.after! })
  }
  return { changes, unchanged: lines.length - changes.length, problems }
}
