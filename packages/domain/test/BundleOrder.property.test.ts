/**
 * Orders of bundles whose composition changes meanwhile: invented stories, told to the rules in any order of arrival, judged by a
 * reckoning of its own that goes through the story in the order in which it happened.
 *
 * A failure names its seed; `HOLDFAST_SEED` runs that story alone.
 */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { BundleBook } from "../src/Bundle.ts"
import { exploded } from "../src/BundleExplosion.ts"
import { bundleOf, completed, decodeEvent, factsOf } from "../src/EventManifest.ts"
import { Sku } from "../src/Identity.ts"
import type { SkuFact, StockEvent } from "../src/StockEvent.ts"
import { decide, evolve } from "../src/StockRules.ts"
import { emptyState } from "../src/StockState.ts"
import { Random } from "../src/testing/Random.ts"

const stories = 2_000
const skus = ["A", "B", "C"].map((id) => Sku.make(id))
const bundles = ["X", "Y"].map((id) => Sku.make(id))

type Composition = ReadonlyMap<string, number>
interface Placed {
  readonly quantity: number
  readonly composition: Composition
}

/** What an order asks for by one name, as the story goes: the last word, and what was said since. */
interface Asked {
  placed: Placed | undefined
  changed: Placed | undefined
  cancelled: number
  isVoid: boolean
}

const asksFor = ({ placed, changed, cancelled, isVoid }: Asked, sku: string): number => {
  if (isVoid) return 0
  const said = changed ?? placed
  if (said === undefined) return 0
  const each = said.composition.get(sku) ?? 0
  return Math.max(0, (said.quantity - cancelled) * each)
}

interface Story {
  readonly facts: ReadonlyArray<SkuFact>
  /** what these were cut from */
  readonly told: ReadonlyArray<StockEvent>
  readonly book: BundleBook
  readonly expected: ReadonlyMap<string, number>
}

/**
 * One order: placed once by each name, then changed and cancelled, while bundles are made of something else.
 * @param redefines how often, beside what else happens
 */
const invent = (random: Random, redefines: number): Story => {
  const book = new BundleBook()
  const asked = new Map<string, Asked>()
  const facts: Array<SkuFact> = []
  const told: Array<StockEvent> = []
  let time = 1_000
  let serial = 0
  const askedOf = (name: string): Asked => {
    const known = asked.get(name) ?? { placed: undefined, changed: undefined, cancelled: 0, isVoid: false }
    asked.set(name, known)
    return known
  }
  const define = (bundle: Sku) => {
    const parts = skus.filter(() => random.chance(0.6))
    const components = (parts.length === 0 ? [skus[0]!] : parts).map((sku) => ({ sku, quantity: random.whole(1, 3) }))
    book.hear({ bundle, components, at: time, serial: ++serial })
  }
  const compositionOf = (name: Sku): Composition =>
    book.isBundle(name) ? new Map(book.componentsOf(name).map(({ sku, each }) => [sku, each])) : new Map([[name, 1]])
  const tell = (type: string, lines: ReadonlyArray<object>) => {
    const raw = {
      id: `e-${time}`,
      source: "test",
      type,
      time: new Date(time).toISOString(),
      data: { orderId: "o", lines }
    }
    const event = Result.getOrThrow(decodeEvent(raw, 0))
    told.push(event)
    facts.push(...factsOf(Result.getOrThrow(exploded(event, book))))
  }
  for (const bundle of bundles) define(bundle)
  const names = random.shuffled([...bundles, ...skus.slice(0, 2)]).slice(0, random.whole(1, 4))
  const placed = names.map((sku) => ({ sku, quantity: random.whole(1, 9) }))
  tell("order.placed", placed)
  for (const { sku, quantity } of placed) askedOf(sku).placed = { quantity, composition: compositionOf(sku) }
  for (let turn = random.whole(1, 6); turn > 0; turn--) {
    time += 10
    const name = random.pick(names)
    const now = askedOf(name)
    const what = random.weighted({ define: redefines, change: 2, cancelSome: 3, cancelLine: 1, cancelOrder: 0.3 })
    if (what === "define") define(random.pick(bundles))
    else if (what === "change") {
      const quantity = random.whole(0, 9)
      tell("order.changed", [{ sku: name, quantity }])
      asked.set(name, {
        placed: undefined,
        changed: { quantity, composition: compositionOf(name) },
        cancelled: 0,
        isVoid: false
      })
    } else if (what === "cancelSome") {
      const quantity = random.whole(1, 3)
      tell("order.cancelled", [{ sku: name, quantity }])
      now.cancelled += quantity
    } else if (what === "cancelLine" && bundles.includes(name)) {
      tell("order.cancelled", [{ sku: name }])
      now.isVoid = true
    } else if (what === "cancelOrder") {
      const raw = {
        id: `e-${time}`,
        source: "test",
        type: "order.cancelled",
        time: new Date(time).toISOString(),
        data: { orderId: "o" }
      }
      const whole = completed(Result.getOrThrow(decodeEvent(raw, 0)), skus)
      told.push(whole)
      facts.push(...factsOf(whole))
      for (const each of asked.values()) each.isVoid = true
    }
  }
  const sum = (sku: string) => [...asked.values()].reduce((units, each) => units + asksFor(each, sku), 0)
  return { facts, told, book, expected: new Map(skus.map((sku) => [sku, sum(sku)])) }
}

/**
 * What is applied when the bundles are defined only after all of it: what nobody knew is parked and comes again as it was cut, and
 * so do all events, in any order.
 */
const factsWhenDefinedLate = (random: Random, { told, book }: Story): ReadonlyArray<SkuFact> => {
  const seen = new Set<string>()
  const applied: Array<SkuFact> = []
  const parked: Array<SkuFact> = []
  const hear = (event: StockEvent, known: BundleBook) => {
    for (const fact of factsOf(Result.getOrThrow(exploded(event, known)))) {
      const key = `${fact.id} ${fact.sku} ${bundleOf(fact)}`
      if (!skus.includes(fact.sku)) parked.push(fact)
      else if (!seen.has(key)) {
        seen.add(key)
        applied.push(fact)
      }
    }
  }
  for (const event of told) hear(event, new BundleBook())
  for (const event of random.shuffled([...parked.splice(0), ...told])) hear(event, book)
  expect(parked).toEqual([])
  return applied
}

/** Units that are committed of each SKU once all was heard. */
const committedAfter = (facts: ReadonlyArray<SkuFact>): ReadonlyMap<string, number> => {
  const states = new Map(skus.map((sku) => [sku, emptyState(sku)]))
  const tell = (fact: SkuFact) => {
    const state = states.get(fact.sku)!
    const { changes, refusal } = decide(state, { _tag: "Fact", fact }, 10_000)
    expect(refusal).toBeUndefined()
    for (const change of changes) evolve(state, change)
  }
  for (const sku of skus) {
    const lines = [{ sku, quantity: 1_000 }]
    const raw = {
      id: `r-${sku}`,
      source: "test",
      type: "goods.received",
      time: undefined,
      data: { putaway: "done", lines }
    }
    for (const fact of factsOf(Result.getOrThrow(decodeEvent(raw, 1)))) tell(fact)
  }
  for (const fact of facts) tell(fact)
  return new Map(
    [...states].map(([sku, { levels }]) => [sku, levels.reduce((units, { committed }) => units + committed, 0)])
  )
}

// declared here: these packages have no types of Node
declare const process: { readonly env: Record<string, string | undefined> }

const only = process.env["HOLDFAST_SEED"]
const seeds = only === undefined ? Array.from({ length: stories }, (_, i) => i + 1) : [Number(only)]

describe("orders of bundles", () => {
  it("commit what they ask for, in whatever order they are heard of", () => {
    for (const seed of seeds) {
      const random = new Random(seed)
      const { facts, expected } = invent(random, 3)
      expect(committedAfter(facts), `seed ${seed}, as it happened`).toEqual(expected)
      for (let i = 0; i < 3; i++)
        expect(committedAfter(random.shuffled(facts)), `seed ${seed}, heard in another order`).toEqual(expected)
    }
  })

  it("commit the same when their bundles are defined only afterwards, however often they are heard of", () => {
    for (const seed of seeds) {
      const random = new Random(seed)
      const story = invent(random, 0)
      const applied = factsWhenDefinedLate(random, story)
      expect(committedAfter(applied), `seed ${seed}`).toEqual(story.expected)
    }
  })
})
