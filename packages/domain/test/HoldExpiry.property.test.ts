/**
 * Goal: holds end when they are due, once, whatever end they were given before. Method: holds that begin, are given other ends
 * and end, in any order, beside a plain list of what is open.
 */
import { describe, expect, it } from "vitest"
import { HoldExpiry } from "../src/HoldExpiry.ts"
import { ReservationId } from "../src/Identity.ts"
import { Random } from "../src/testing/Random.ts"

const endsIn =
  (open: ReadonlyMap<ReservationId, number>) =>
  (id: ReservationId, expiresAt: number): boolean =>
    open.get(id) === expiresAt

const run = (seed: number): void => {
  const random = new Random(seed)
  const expiry = new HoldExpiry()
  const open = new Map<ReservationId, number>()
  for (let now = 0; now < 200; now++) {
    const id = ReservationId.make(`r${random.whole(0, 12)}`)
    const act = random.whole(0, 3)
    if (act === 0) open.delete(id)
    else if (act < 3 || open.has(id)) {
      // a pinned one has no end, and may be given the end that it had before
      const expiresAt = random.chance(0.2) ? Infinity : now + random.whole(1, 30)
      if (open.get(id) !== expiresAt) expiry.add(id, expiresAt)
      open.set(id, expiresAt)
    }
    expiry.prune(endsIn(open), open.size)
    const due = [...open].filter(([, at]) => at <= now).map(([held]) => held)
    const found = expiry.isDue(now) ? [...expiry.due(now, endsIn(open))] : []
    expect(found.toSorted()).toEqual(due.toSorted())
    for (const ended of due) open.delete(ended)
  }
}

describe("the ends of holds", () => {
  it("are due once, at the last time that was said", () => {
    for (let seed = 1; seed <= 500; seed++) run(seed)
  })

  it("do not grow without bound when one hold is extended for ever", () => {
    const expiry = new HoldExpiry()
    const open = new Map([[ReservationId.make("other"), 1]])
    expiry.add(ReservationId.make("other"), 1)
    for (let at = 1_000; at < 101_000; at++) {
      open.set(ReservationId.make("long"), at)
      expiry.add(ReservationId.make("long"), at)
      expiry.prune(endsIn(open), open.size)
    }
    expect(JSON.stringify(expiry).length).toBeLessThan(10_000)
  })
})
