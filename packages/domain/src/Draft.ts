/**
 * A decision in the making: the changes so far, and the quantities as they would be after them.
 *
 * Guarantee: the state it was made from is only read. A movement that a later count has seen does not move what is on hand.
 * It knows quantities, not rules.
 */
import { documentKey, documentKeyOf, type DocumentLine } from "./DocumentLine.ts"
import type { LocationId, ReservationId } from "./Identity.ts"
import { levelQuantityMax } from "./Limit.ts"
import { backorderLimit, withClaim, type SkuTerms } from "./SkuTerms.ts"
import { applyRare, endsHold, type StockChange, type StockChangeKind } from "./StockChange.ts"
import { emptyLevel, levelAt, oversold, type Hold, type StockLevel, type StockState } from "./StockState.ts"

export type Effects = Partial<Omit<StockChange, "kind" | "locationId" | "oversold" | "terms">>

export class Draft {
  readonly changes: Array<StockChange> = []
  private readonly state: StockState
  private readonly levels: Array<StockLevel> = []
  private lines: Map<string, DocumentLine> | undefined
  private current: SkuTerms | undefined
  /** as the last change said them */
  private said: SkuTerms | undefined

  constructor(state: StockState) {
    this.state = state
    this.current = this.said = state.terms
  }

  get terms(): SkuTerms | undefined {
    return this.current
  }

  /** The next change says so. */
  setTerms(terms: SkuTerms): void {
    this.current = terms
  }

  /** Units that a channel's orders or holds ask for from now on, signed. The next change says so. */
  claim(channel: string | undefined, claim: { readonly consumed?: number; readonly held?: number }): void {
    if (this.current !== undefined) this.current = withClaim(this.current, channel, claim)
  }

  /** The SKU at all its locations, as it would be. */
  allLevels(): ReadonlyArray<StockLevel> {
    const untouched = this.state.levels.filter(
      ({ locationId }) => !this.levels.some((level) => level.locationId === locationId)
    )
    return [...this.levels, ...untouched]
  }

  get version(): number {
    return this.state.version + this.changes.length
  }

  level(locationId: LocationId): StockLevel {
    for (const level of this.levels) if (level.locationId === locationId) return level
    const stored = levelAt(this.state, locationId)
    const level = stored === undefined ? emptyLevel(locationId) : { ...stored }
    this.levels.push(level)
    return level
  }

  /** The line of this SKU in a document, or undefined when nobody has heard of it. */
  line<K extends DocumentLine["kind"]>(kind: K, id: string): Extract<DocumentLine, { readonly kind: K }> | undefined {
    const key = documentKey(kind, id)
    return (this.lines?.get(key) ?? this.state.documents.get(key)) as
      | Extract<DocumentLine, { readonly kind: K }>
      | undefined
  }

  hasEnded(id: ReservationId): boolean {
    return this.endOf(id) !== undefined
  }

  /** The hold as it is by now: what was due before may have ended it, or given it another end. */
  openHold(id: ReservationId): Hold | undefined {
    let hold = this.state.holds.get(id)
    for (const { reservationId, kind, expiresAt } of this.changes) {
      if (reservationId !== id || hold === undefined) continue
      if (endsHold(kind)) return undefined
      if (expiresAt !== undefined) hold = { ...hold, expiresAt }
    }
    return hold
  }

  /** How a hold ended in this decision, if it did. */
  endOf(id: ReservationId): StockChangeKind | undefined {
    return this.changes.find((change) => change.reservationId === id && endsHold(change.kind))?.kind
  }

  /** A change whose units on hand moved at `time`, milliseconds since the epoch: a count made later has seen them. */
  movement(kind: StockChangeKind, locationId: LocationId, time: number, units: number, effects: Effects): void {
    const { countedAt } = this.level(locationId)
    const seen = time <= countedAt
    this.change(kind, locationId, seen ? { ...effects, counted: units } : { ...effects, onHand: units })
  }

  change(kind: StockChangeKind, locationId: LocationId, effects: Effects): void {
    const level = this.level(locationId)
    // without an allowance what happens elsewhere cannot matter
    const isAllowed = this.current?.backorder !== undefined
    const before = isAllowed ? this.beyond(this.said) : oversold(level)
    level.onHand += effects.onHand ?? 0
    level.committed += effects.committed ?? 0
    level.held += effects.held ?? 0
    applyRare(level, effects)
    const change = {
      kind,
      locationId,
      onHand: 0,
      committed: 0,
      held: 0,
      ...effects,
      oversold: (isAllowed ? this.beyond(this.current) : oversold(level)) - before,
      ...(this.current === undefined || this.current === this.said ? {} : { terms: this.current })
    }
    this.said = this.current
    this.changes.push(change)
    const { line } = effects
    if (line === undefined) return
    this.lines ??= new Map()
    this.lines.set(documentKeyOf(line), line)
  }

  /** Units oversold over all locations that the allowance does not cover. */
  private beyond(terms: SkuTerms | undefined): number {
    const units = this.allLevels().reduce((sum, level) => sum + oversold(level), 0)
    return Math.max(0, units - backorderLimit(terms))
  }

  inRange(): boolean {
    return this.levels.every(
      (level) =>
        isInRange(level.onHand) &&
        isInRange(level.committed) &&
        isInRange(level.held) &&
        isInRange(level.receiving) &&
        isInRange(level.inspection) &&
        isInRange(level.damaged) &&
        isInRange(level.quality) &&
        isInRange(level.incoming) &&
        isInRange(level.inTransit) &&
        isInRange(level.safetyStock)
    )
  }
}

const isInRange = (units: number): boolean => Math.abs(units) <= levelQuantityMax
