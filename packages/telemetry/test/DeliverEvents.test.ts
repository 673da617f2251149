/** What a delivery's span says happened while it waited. */
import { attribute } from "@holdfast/telemetry/Attribute"
import { describe, expect, it } from "vitest"
import { deliverStages } from "../src/EventStages.ts"
import type { Delivered } from "../src/TracedStage.ts"
import { anEvent, t0 } from "./Event.ts"

const delivery = (rest: Partial<Delivered>): Delivered => ({
  channel: "shop",
  event: anEvent(),
  sku: "MUG",
  outcome: "delivered",
  queuedAt: t0 + 50,
  requestAt: t0 + 2_500,
  ackAt: t0 + 2_600,
  attempts: 1,
  budgetMillis: 2_000,
  breached: true,
  ...rest
})

describe("the span of a delivery", () => {
  it("has an event for each rung of the ladder that was climbed or left meanwhile, and for its deadline, in their order", () => {
    const rungs = [
      { rung: "largerBatches", at: t0 + 1_000 },
      { rung: "onlyRisky", at: t0 + 2_200 }
    ]
    const changed = ({ rung, at }: (typeof rungs)[number]) => ({
      name: "ladder.changed",
      at,
      attributes: { [attribute.ladderRung]: rung }
    })
    expect(deliverStages(delivery({ rungs }))[0]!.events).toEqual([
      changed(rungs[0]!),
      { name: "budget.exceeded", at: t0 + 2_000 },
      changed(rungs[1]!)
    ])
  })

  it("has none when nothing happened", () => {
    expect(deliverStages(delivery({ breached: false, ackAt: t0 + 1_000, rungs: [] }))[0]!.events).toBeUndefined()
  })

  it("leaves out what came after its end", () => {
    const rungs = [{ rung: "largerBatches", at: t0 + 30_000 }]
    const expired = delivery({ outcome: "expired", ackAt: undefined, requestAt: undefined, rungs })
    expect(deliverStages(expired)[0]!.events).toEqual([{ name: "budget.exceeded", at: t0 + 2_000 }])
  })
})
