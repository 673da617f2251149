/**
 * Compares a drained stack with the driver's books, from outside: tables, answers, channel, `holdfast verify`.
 *
 * Each check throws with what differs.
 */
import { requestSubject } from "@holdfast/bus/Subject"
import { expect, vi } from "vitest"
import { shownBy, shownFor, type ChannelFixture } from "../ChannelFixture.ts"
import { storedUnits, type StackClient } from "../StackClient.ts"
import type { StackProcess } from "../StackProcess.ts"
import type { DriverBooks } from "./DriverBooks.ts"
import { driverSource, scarce } from "./LoadDriver.ts"

/** Milliseconds until short holds have ended, or channels converged. */
const settleMillis = 30_000
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: settleMillis, interval: 100 })

/** Every acknowledged event changed every SKU that it names once, and nothing else was applied. */
export const expectAppliedOnce = async ({ sql }: StackClient, books: DriverBooks): Promise<void> => {
  const rows = await sql`
    select cause_id || ' ' || sku || ' ' || kind as cause, count(*)::int as times from ledger
    where cause_source = ${driverSource} and kind not like 'reservation.%' group by 1 order by 1`
  expect(rows.filter(({ times }) => times !== 1)).toEqual([])
  expect(rows.map(({ cause }) => String(cause)).toSorted()).toEqual(books.causes().toSorted())
  expect(await sql`select reason, event_id, sku, detail from parked`).toEqual([])
}

/** Quantities are what the books say; also after the last short hold has ended. */
export const expectUnits = ({ sql }: StackClient, books: DriverBooks): Promise<void> =>
  until(async () => expect(sorted(await storedUnits(sql))).toEqual(sorted(books.units())))

/** Every grant is still there, ended as the driver ended it, and there is no other. */
export const expectHolds = async ({ sql }: StackClient, books: DriverBooks): Promise<void> => {
  const rows = await sql`select reservation_id, sku, quantity, ended from hold`
  const found = new Map(
    rows.map((row) => [
      String(row["reservation_id"]),
      { sku: row["sku"], quantity: row["quantity"], end: row["ended"] }
    ])
  )
  expect(sorted(found)).toEqual(sorted(books.holds))
}

/** What was only ever taken by reservations was never promised twice, by the driver's own addition. */
export const expectNothingPromisedTwice = (books: DriverBooks): void => {
  const units = books.units()
  for (const sku of scarce) {
    const { onHand, committed, held } = units.get(sku)!
    expect(committed + held, sku).toBeLessThanOrEqual(onHand)
  }
}

/** The same key still gives the same answer, byte for byte. */
export const expectSameAnswers = async ({ nats }: StackClient, books: DriverBooks): Promise<void> => {
  const all = [...books.answers.values()]
  for (let from = 0; from < all.length; from += 100) {
    const part = all.slice(from, from + 100)
    const again = await Promise.all(
      part.map(({ verb, body }) => nats.connection.request(subjectOf(verb), body, { timeout: 10_000 }))
    )
    expect(again.map((message) => message.string())).toEqual(part.map(({ answer }) => answer))
  }
}

const subjectOf = (verb: string) => requestSubject(verb as Parameters<typeof requestSubject>[0])

/** The channel shows what it should, and never showed an older quantity after a newer one. */
export const expectConverged = async ({ sql }: StackClient, channel: ChannelFixture): Promise<void> => {
  await until(async () => {
    const shouldShow = new Map([...(await storedUnits(sql))].map(([sku, units]) => [sku, shownFor(units)]))
    expect(sorted(shownBy(channel))).toEqual(sorted(shouldShow))
  })
  expect(channel.channel.listings.olderOverNewer).toBe(0)
}

/** `holdfast verify` finds nothing. */
export const expectVerified = async (stack: StackProcess): Promise<void> => {
  const { code, stdout, stderr } = await stack.command(["verify", "--json"])
  expect({ code, stderr, findings: (JSON.parse(stdout || "{}") as { findings?: unknown }).findings }).toEqual({
    code: 0,
    stderr: "",
    findings: []
  })
}

const sorted = <A>(map: ReadonlyMap<string, A>): Array<[string, A]> => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))
