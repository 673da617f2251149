/**
 * What a channel showed of one SKU at an earlier time, beside what the ledger said then, for people.
 *
 * Guarantee: all of it is of one moment. It tells what is stored and reckons nothing. Rejects with what postgres.js threw.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { AnnouncedTerms } from "@holdfast/domain/SkuTerms"
import type { LevelUnits } from "@holdfast/domain/StockState"
import { rulesAt, type RulesInForce } from "./ChannelDefinitions.ts"
import type { Sql } from "./Database.ts"
import { entriesUpTo, shownAfter, shownAt, type ListingEntry } from "./ListingHistory.ts"
import { confirmedBy, toldMax } from "./ListingReport.ts"
import { skuHistory, type SkuHistory } from "./SkuHistory.ts"
import { storedLevels } from "./SkuReport.ts"
import { changesBack, levelsAt, termsAt, versionAt, type CommittedVersion, type UnitsChange } from "./SkuVersions.ts"
import { atOneMoment, type Reader } from "./Snapshot.ts"

/** Changes that are read to find since when a channel was behind: a minute of the fastest SKU. */
const changesBackMax = 10_000

/** A SKU at one version, and the rules of the channel at one time. */
export interface StockThen {
  readonly version: number
  /** of the version: milliseconds since the epoch; null where the ledger does not go back so far */
  readonly committedAt: number | null
  /** null where the ledger does not go back so far */
  readonly levels: ReadonlyArray<LevelUnits> | null
  /** on what terms the SKU was sold; undefined: on none */
  readonly terms: AnnouncedTerms | undefined
  /** null where none of that time are stored */
  readonly rules: RulesInForce | null
}

/** Times are milliseconds since the epoch. */
export interface ListingThen {
  readonly sku: Sku
  readonly at: number
  /** the newest version that was committed by then; null: none was, or it is not kept */
  readonly newest: StockThen | null
  /** the last answer by then that says what the channel showed; null: there is none, or it is not kept */
  readonly shown: ListingEntry | null
  /** by the summary of what was confirmed, where the history does not go back so far: all that is known of it */
  readonly shownBefore: { readonly quantity: number; readonly version: number; readonly confirmedAt: number } | null
  /** the version that was shown, and the rules when it was pushed */
  readonly basis: StockThen | null
  /** the next answer that says what the channel shows; null: there was none up to now */
  readonly next: ListingEntry | null
  /** the first one later that speaks for `newest` */
  readonly caughtUp: ListingEntry | null
  /** after the version that was shown, up to `newest`; newest first */
  readonly since: ReadonlyArray<UnitsChange>
  /** all of `since` were read */
  readonly isWhole: boolean
  /** the last answers of the channel by then, newest last */
  readonly told: ReadonlyArray<ListingEntry>
  /** up to the version that was shown, or to `newest` */
  readonly history: SkuHistory
}

export interface ListingThenQuery {
  readonly channel: string
  readonly sku: Sku
  /** milliseconds since the epoch */
  readonly at: number
  /** changes of the history, the newest */
  readonly limit: number
}

const committedAtOf = async (sql: Reader, sku: Sku, version: number): Promise<number | null> => {
  const [change] = await changesBack(sql, sku, version - 1, version, 1)
  return change?.committedAt ?? null
}

const stockAt = async (
  sql: Reader,
  { channel, sku }: ListingThenQuery,
  version: number,
  rulesOf: number
): Promise<StockThen> => {
  const [committedAt, levels, terms, rules] = await Promise.all([
    committedAtOf(sql, sku, version),
    levelsAt(sql, sku, version),
    termsAt(sql, sku, version),
    rulesAt(sql, channel, rulesOf)
  ])
  return { version, committedAt, levels: levels ?? null, terms, rules: rules ?? null }
}

/** What is stored of what was shown; of a summary alone it is not known when it was pushed. */
const shownBy = async (sql: Reader, { channel, sku, at }: ListingThenQuery) => {
  const shown = await shownAt(sql, channel, sku, at)
  if (shown !== undefined) return { shown, shownBefore: null }
  const [confirmed] = await confirmedBy(sql, channel, sku)
  return { shown: null, shownBefore: confirmed !== undefined && confirmed.confirmedAt <= at ? confirmed : null }
}

const behindOf = async (
  sql: Reader,
  { channel, sku, at }: ListingThenQuery,
  shown: number,
  newest: CommittedVersion | undefined
) => {
  if (newest === undefined) return { caughtUp: null, since: [], isWhole: true }
  const [caughtUp, since] = await Promise.all([
    shownAfter(sql, channel, sku, at, newest.version),
    changesBack(sql, sku, shown, newest.version, changesBackMax)
  ])
  return { caughtUp: caughtUp ?? null, since, isWhole: since.length >= newest.version - shown }
}

/** Undefined when the SKU is not known now. */
export const listingThen = (sql: Sql, query: ListingThenQuery): Promise<ListingThen | undefined> =>
  atOneMoment(sql, async (snapshot) => {
    const { channel, sku, at, limit } = query
    if ((await storedLevels(snapshot, sku)).length === 0) return undefined
    const [{ shown, shownBefore }, newest] = await Promise.all([shownBy(snapshot, query), versionAt(snapshot, sku, at)])
    const version = shown?.version ?? shownBefore?.version
    const [basis, current, behind, next, told, history] = await Promise.all([
      version === undefined ? null : stockAt(snapshot, query, version, shown?.requestedAt ?? at),
      newest === undefined ? null : stockAt(snapshot, query, newest.version, at),
      behindOf(snapshot, query, version ?? 0, newest),
      shownAfter(snapshot, channel, sku, at, 0),
      entriesUpTo(snapshot, channel, sku, at, toldMax),
      skuHistory(snapshot, sku, { limit, upTo: version ?? newest?.version ?? 0 })
    ])
    return { sku, at, newest: current, shown, shownBefore, basis, next: next ?? null, ...behind, told, history }
  })
