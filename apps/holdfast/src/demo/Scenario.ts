/**
 * What `npm start` can play: channels, how their simulated sides behave, and through which of them the record's orders come.
 *
 * `demo` is four channels chosen to differ (`DemoChannels`). The others are files of `scenarios/` to start from with one's own
 * channels: `holdfast up --channels <file>` runs the same file for real. Guarantee: what is played is the file's definitions
 * but for where they are reached and for the pace of their clocks (`paced`).
 */
import type { BehaviourChange } from "@holdfast/channels/simulated/SimulatedBehaviour"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"
import { readChannelFile } from "@holdfast/outbound/ChannelFile"
import type { OutboundError } from "@holdfast/outbound/OutboundError"
import { Effect } from "effect"
import { fileURLToPath } from "node:url"
import type { RecordedChannel } from "../retail/OnlineRetail.ts"
import { type DemoChannel, demoChannels } from "./DemoChannels.ts"
import { paced } from "./Pace.ts"

export const scenarioNames = ["demo", "dtc", "b2b"] as const
export type ScenarioName = (typeof scenarioNames)[number]

/** Through which channel an order comes of which the record says so. */
export type OrderChannels = Readonly<Record<RecordedChannel, ChannelId>>

const own = (webshop: string, marketplace: string, wholesale: string): OrderChannels => ({
  webshop: ChannelId.make(webshop),
  marketplace: ChannelId.make(marketplace),
  wholesale: ChannelId.make(wholesale)
})

export const orderChannels: Readonly<Record<ScenarioName, OrderChannels>> = {
  demo: own("webshop", "marketplace", "wholesale"),
  // a brand that sells to people: whoever buys by the dozen does so in its shop
  dtc: own("webshop", "amazon", "webshop"),
  // customers order in the portal, small ones by phone: the group's ERP writes those down
  b2b: own("portal", "erp", "portal")
}

/** How the simulated side of a file's channel behaves; it admits a little more than the file asks of it. */
export const scenarioBehaviours: Readonly<Record<string, BehaviourChange>> = {
  webshop: { latencyMillis: 15, jitterMillis: 5 },
  // 5 updates a second for one seller, as the Selling Partner API admits
  amazon: { latencyMillis: 120, jitterMillis: 80, perSecond: 5, burst: 5, retryAfterSeconds: 1 },
  portal: { latencyMillis: 30, jitterMillis: 20 },
  erp: { latencyMillis: 250, jitterMillis: 100 },
  "field-sales": { latencyMillis: 40, jitterMillis: 20, errorShare: 0.01 }
}

export const scenarioFile = (name: Exclude<ScenarioName, "demo">): string =>
  fileURLToPath(new URL(`../../scenarios/${name}.json`, import.meta.url))

const played = ({ secretEnv, ...definition }: ChannelDefinition): DemoChannel => ({
  definition: { ...definition, secretEnv: secretEnv ?? `HOLDFAST_SECRET_${definition.id.toUpperCase()}` },
  behaviour: scenarioBehaviours[definition.id] ?? {}
})

/**
 * The channels of a scenario as they are played.
 * @param pace how many times faster than its record the day goes by
 */
export const scenarioChannels = (
  name: ScenarioName,
  pace: number
): Effect.Effect<ReadonlyArray<DemoChannel>, OutboundError> =>
  name === "demo"
    ? Effect.succeed(demoChannels)
    : Effect.map(readChannelFile(scenarioFile(name)), (definitions) =>
        definitions.map((definition) => played(paced(definition, pace)))
      )
