/**
 * Counts which sources were heard with which events, between two times that it is emptied.
 *
 * Guarantee: adding an event is two look-ups and no allocation once its source was heard; memory is bounded however many
 * sources a publisher invents. What comes beyond that bound is not counted.
 */
import type { IngestedEvent } from "@holdfast/ingest/Ingest"
import type { SeenEmitter } from "@holdfast/domain/SourceRegistry"

/** Pairs of source and type between two times of emptying: what one statement writes without being noticed. */
const pairsMax = 2_000

type Seen = { -readonly [K in keyof SeenEmitter]: SeenEmitter[K] }

export class SourceTally {
  private byType = new Map<string, Map<string, Seen>>()
  private pairs = 0

  /** What could not be understood says nothing of its source, and is not counted. */
  add(ingested: IngestedEvent): void {
    if (ingested.outcome === "parked") return
    const { source, type } = ingested.event
    const { storedAt } = ingested
    this.addRow({ source, type, firstSeenAt: storedAt, lastSeenAt: storedAt, events: 1 })
  }

  /** Adds again what could not be written. */
  addRow(row: SeenEmitter): void {
    let sources = this.byType.get(row.type)
    if (sources === undefined) this.byType.set(row.type, (sources = new Map()))
    const seen = sources.get(row.source)
    if (seen !== undefined) {
      seen.events += row.events
      if (row.lastSeenAt > seen.lastSeenAt) seen.lastSeenAt = row.lastSeenAt
      if (row.firstSeenAt < seen.firstSeenAt) seen.firstSeenAt = row.firstSeenAt
    } else if (this.pairs < pairsMax) {
      this.pairs += 1
      sources.set(row.source, { ...row })
    }
  }

  /** What was counted since the last time. */
  take(): ReadonlyArray<SeenEmitter> {
    const rows = [...this.byType.values()].flatMap((sources) => [...sources.values()])
    this.byType = new Map()
    this.pairs = 0
    return rows
  }
}
