import { Sku } from "@holdfast/domain/Identity"
import { Result } from "effect"
import { expect, it } from "vitest"
import { completedIn, withCompleted } from "../src/CompletedEvents.ts"
import { decodeFactBatch, startOfEvents } from "../src/FactBatch.ts"
import type { ChainMessage } from "../src/PublishChain.ts"

const message = (facts: ReadonlyArray<unknown>): ChainMessage => ({
  subject: "stock.facts.1",
  payload: JSON.stringify({ after: startOfEvents, upTo: startOfEvents, rest: 0, facts })
})

const read = ({ payload }: ChainMessage) => Result.getOrThrow(decodeFactBatch(String(payload)))

it("the first message of a chain says with which SKUs events were completed, and is a batch of facts as before", () => {
  const completed = new Map([[12, [Sku.make('A"'), Sku.make("ä b")]]])
  const [first, second] = withCompleted([message([1]), message([2])], completed)
  expect(read(first!)).toMatchObject({ after: startOfEvents, rest: 0, facts: [1] })
  expect(completedIn(read(first!))).toEqual(completed)
  expect(second).toEqual(message([2]))
  expect(completedIn(read(second!))).toEqual(new Map())
})

it("nothing is said where nothing was completed, and nonsense is passed over", () => {
  expect(withCompleted([message([1])], new Map())).toEqual([message([1])])
  expect(withCompleted([], new Map([[1, []]]))).toEqual([])
  const odd = { ...read(message([1])), completed: { "1": "A", "2": [3] } }
  expect(completedIn(odd)).toEqual(new Map())
})
