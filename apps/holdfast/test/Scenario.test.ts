/** The scenarios to start from: their files can be run as they are, and their channels can bear the played day. */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { adviceOn } from "@holdfast/domain/ChannelChange"
import { readChannelFile } from "@holdfast/outbound/ChannelFile"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { assortmentSize } from "../src/demo/DemoChannels.ts"
import { paced } from "../src/demo/Pace.ts"
import { paceOf, readSamplePlan } from "../src/demo/SamplePlayer.ts"
import { orderChannels, scenarioBehaviours, scenarioChannels, scenarioFile } from "../src/demo/Scenario.ts"

const names = ["dtc", "b2b"] as const
const plans = new Map(
  await Promise.all(
    names.map(async (name) => [name, await Effect.runPromise(readSamplePlan("run1", orderChannels[name]))] as const)
  )
)
const read = (name: (typeof names)[number]) => Effect.runPromise(readChannelFile(scenarioFile(name)))
const play = (name: (typeof names)[number]) => Effect.runPromise(scenarioChannels(name, paceOf(plans.get(name)!)))

/** Milliseconds that a change may wait for its window. */
const waitMillis = ({ timing }: Pick<ChannelDefinition, "timing">): number => {
  if (timing.model === "nearRealtime") return timing.windowMillis
  return timing.model === "scheduled" ? timing.everyMillis! : 0
}

describe.each(names)("the scenario %s", (name) => {
  it("is a file of definitions that nothing is to be said against", async () => {
    const definitions = await read(name)
    expect(definitions.length).toBeGreaterThan(1)
    const now = Date.parse("2026-03-28T12:00:00Z")
    expect(definitions.flatMap((definition) => adviceOn(definition, now))).toEqual([])
    for (const { endpoint, secretEnv } of definitions) {
      expect(endpoint).toMatch(/^https:\/\/[a-z]+\.example\//)
      expect(secretEnv).toMatch(/^HOLDFAST_SECRET_/)
    }
  })

  it("is played with its own rates, and simulated sides that admit a little more", async () => {
    const played = await play(name)
    const definitions = await read(name)
    expect(played.map(({ definition }) => definition.rate)).toEqual(definitions.map(({ rate }) => rate))
    for (const { definition, behaviour } of played) {
      expect(scenarioBehaviours[definition.id]).toBe(behaviour)
      if (behaviour.perSecond === undefined) continue
      expect(definition.rate.perSecond).toBeLessThan(behaviour.perSecond)
      expect(definition.rate.burst).toBeLessThan(behaviour.burst!)
    }
  })

  it("can be told of every listing at once within each channel's budget, after the longest wait", async () => {
    for (const { definition, behaviour } of await play(name)) {
      const callMillis = behaviour.latencyMillis! + behaviour.jitterMillis!
      const perSecond = Math.min(definition.rate.perSecond, (definition.rate.concurrency * 1_000) / callMillis)
      const needed = waitMillis(definition) + (assortmentSize / perSecond) * 1_000
      expect(needed, definition.id).toBeLessThan(0.95 * definition.budgetMillis)
    }
  })

  it("has orders of its own channels only", async () => {
    const channels = new Set<string>((await read(name)).map(({ id }) => id))
    const named = plans
      .get(name)!
      .sales.flatMap(({ event }) => (event.type === "order.placed" ? [event.data.channel!] : []))
    expect(named.length).toBeGreaterThan(50)
    expect(named.filter((channel) => !channels.has(channel))).toEqual([])
  })
})

describe("a channel's clock at the pace of the played day", () => {
  it("plays an hour in the hour's played time, and leaves what is heard at once alone", async () => {
    const [portal] = await read("b2b")
    const [webshop] = await read("dtc")
    expect(paced(portal!, 900)).toMatchObject({ timing: { everyMillis: 4_000 }, budgetMillis: 6_000 })
    expect(paced(webshop!, 900)).toBe(webshop)
  })

  it("never runs more often than a schedule may", async () => {
    const [portal] = await read("b2b")
    expect(paced(portal!, 1_000_000).timing).toEqual({ model: "scheduled", everyMillis: 1_000 })
  })
})
