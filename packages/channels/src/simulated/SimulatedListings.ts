/**
 * What a simulated channel shows: per SKU one quantity, and how it came to show it.
 *
 * Guarantee: a write counts once per idempotency key; a write that puts an older version over a newer one is applied,
 * as most channels would, and counted, so that an audit finds it. With a file, what is shown survives the process.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"

/** Applied writes that are kept for the audit and the page. */
const logMax = 10_000

export interface ShownListing {
  readonly sku: string
  readonly quantity: number
  readonly version: number
  /** milliseconds since the epoch */
  readonly appliedAt: number
  /** writes that were applied to it */
  readonly writes: number
}

export interface AppliedWrite {
  /** counts all applied writes from 1 */
  readonly number: number
  readonly sku: string
  readonly before: number | undefined
  readonly quantity: number
  readonly version: number
  readonly appliedAt: number
  /** it put an older version over a newer one */
  readonly olderOverNewer: boolean
}

interface Entry extends ShownListing {
  readonly key: string
}

export class SimulatedListings {
  readonly log: Array<AppliedWrite> = []
  applied = 0
  repeated = 0
  olderOverNewer = 0
  private readonly shown = new Map<string, Entry>()
  private readonly file: string | undefined

  /** @param file holds one JSON line per applied write; read and compacted first */
  constructor(file: string | undefined) {
    this.file = file
    if (file === undefined || !existsSync(file)) return
    for (const line of readFileSync(file, "utf8").split("\n")) {
      const entry = entryOf(line)
      if (entry !== undefined) this.shown.set(entry.sku, entry)
    }
    writeFileSync(`${file}.part`, [...this.shown.values()].map((entry) => `${JSON.stringify(entry)}\n`).join(""))
    renameSync(`${file}.part`, file)
  }

  get size(): number {
    return this.shown.size
  }

  get(sku: string): ShownListing | undefined {
    return this.shown.get(sku)
  }

  all(): Iterable<ShownListing> {
    return this.shown.values()
  }

  /** Shows the quantity from now on, unless this very write was applied before. */
  apply(sku: string, quantity: number, version: number, key: string, now: number): void {
    const before = this.shown.get(sku)
    if (before?.key === key) {
      this.repeated += 1
      return
    }
    const olderOverNewer = before !== undefined && version < before.version
    if (olderOverNewer) this.olderOverNewer += 1
    this.applied += 1
    const entry = { sku, quantity, version, appliedAt: now, writes: (before?.writes ?? 0) + 1, key }
    this.shown.set(sku, entry)
    this.log.push({
      number: this.applied,
      sku,
      before: before?.quantity,
      quantity,
      version,
      appliedAt: now,
      olderOverNewer
    })
    if (this.log.length > 2 * logMax) this.log.splice(0, logMax)
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify(entry)}\n`)
  }
}

/** The last line may be cut off by a kill. */
const entryOf = (line: string): Entry | undefined => {
  if (line === "") return undefined
  try {
    return JSON.parse(line) as Entry
  } catch {
    return undefined
  }
}
