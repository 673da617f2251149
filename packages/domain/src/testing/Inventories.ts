/**
 * Full physical inventories of one history: their parts wait until all are there, then counts are told, as the shell does.
 *
 * Guarantee: the counts are judged against a reckoning of its own: each SKU that was found or is kept at the location is counted
 * once, with the units of the parts that hold, as of the last of these that found it, or with none as of the first.
 */
import { EventId, type LocationId, type Sku } from "../Identity.ts"
import { countsOf, inventoryKey, missingParts } from "../PhysicalCount.ts"
import type { CycleCounted, PhysicalCounted, StockEvent } from "../StockEvent.ts"
import { must } from "./AuditFailure.ts"

type PartEvent = Extract<StockEvent, { readonly type: "count.physical" }>

const unitsIn = (part: PhysicalCounted): number => part.lines.reduce((units, line) => units + line.quantity, 0)

/** Whether a part is to be forgotten for another one with its number. */
const isPassed = (one: PhysicalCounted, other: PhysicalCounted): boolean => {
  if (one.part !== other.part || one === other) return false
  if (one.countedAt !== other.countedAt) return one.countedAt < other.countedAt
  const [few, many] = [unitsIn(one), unitsIn(other)]
  return few === many ? JSON.stringify(one) < JSON.stringify(other) : few < many
}

const judge = (parts: ReadonlyArray<PhysicalCounted>, kept: Iterable<Sku>, counts: ReadonlyArray<CycleCounted>) => {
  const holding = parts.filter((one) => !parts.some((other) => isPassed(one, other)))
  const told = new Map<Sku, string>()
  for (const { countedAt, lines } of counts) {
    for (const { sku, quantity } of lines) {
      must(!told.has(sku), `an inventory counts ${sku} twice`)
      told.set(sku, `${quantity} at ${countedAt}`)
    }
  }
  const skus = new Set([...kept, ...parts.flatMap(({ lines }) => lines.map(({ sku }) => sku)), ...told.keys()])
  const keptSkus = new Set(kept)
  const began = Math.min(...holding.map((part) => part.countedAt))
  for (const sku of skus) {
    const found = holding.filter(({ lines }) => lines.some((line) => line.sku === sku))
    const units = found
      .flatMap(({ lines }) => lines)
      .reduce((sum, line) => (line.sku === sku ? sum + line.quantity : sum), 0)
    const at = Math.max(...found.map((part) => part.countedAt))
    const nobody = keptSkus.has(sku) ? `0 at ${began}` : undefined
    const meant = found.length === 0 ? nobody : `${units} at ${at}`
    must(told.get(sku) === meant, `an inventory counts ${told.get(sku)} of ${sku}, its parts say ${meant}`)
  }
}

const isComplete = (parts: ReadonlyArray<PhysicalCounted>): boolean => {
  const last = Math.max(0, ...parts.map((part) => part.parts ?? 0))
  return last > 0 && Array.from({ length: last }, (_, i) => i + 1).every((n) => parts.some(({ part }) => part === n))
}

export class Inventories {
  /** how many were closed */
  closed = 0
  private readonly waiting = new Map<string, Array<PhysicalCounted>>()

  /**
   * @param keptAt SKUs that a location has
   * @returns the counts that the part brings about, as events
   * @throws AuditFailure
   */
  hear({ source, data }: PartEvent, keptAt: (at: LocationId) => ReadonlyArray<Sku>): ReadonlyArray<StockEvent> {
    const key = inventoryKey({ source, data })
    const parts = [...(this.waiting.get(key) ?? []), data]
    this.waiting.set(key, parts)
    const missing = missingParts(parts)
    must(
      (missing?.length === 0) === isComplete(parts),
      `an inventory lacks ${missing?.join()}, of ${parts.length} parts`
    )
    if (missing?.length !== 0) return []
    this.waiting.delete(key)
    this.closed += 1
    const kept = keptAt(data.locationId)
    const counts = countsOf(parts, kept)
    judge(parts, kept, counts)
    return counts.map((count) => {
      const id = EventId.make(`${data.countId}-${data.locationId}-${this.closed}-${count.countedAt}`)
      return { type: "count.cycle", id, source, time: count.countedAt, data: count }
    })
  }
}
