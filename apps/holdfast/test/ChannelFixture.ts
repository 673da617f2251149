/** A sales channel that lives in the test process, so that it outlasts whatever happens to the stack, as a real one would. */
import { makeSimulatedChannel, type SimulatedChannel } from "@holdfast/channels/simulated/SimulatedChannel"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"
import { Effect, Exit, Redacted, Scope } from "effect"
import { randomBytes } from "node:crypto"
import type { Units } from "./StackClient.ts"

export interface ChannelFixture {
  readonly channel: SimulatedChannel
  readonly definition: ChannelDefinition
  /** what the stack needs in its environment */
  readonly env: Readonly<Record<string, string>>
  readonly close: () => Promise<void>
}

const secretEnv = "HOLDFAST_SECRET_TEST"

/** Units kept back: what is shown is then never just what is stored. */
const buffer = 3

export const startChannel = async (): Promise<ChannelFixture> => {
  const scope = Scope.makeUnsafe()
  const secret = `whsec_${randomBytes(32).toString("base64")}`
  const id = ChannelId.make("outlast")
  const channel = await Effect.runPromise(
    Scope.provide(
      makeSimulatedChannel({
        id,
        name: "Outlasts",
        secret: Redacted.make(secret),
        behaviour: { latencyMillis: 2, jitterMillis: 2 }
      }),
      scope
    )
  )
  const definition: ChannelDefinition = {
    id,
    name: "Outlasts",
    connector: "simulated",
    endpoint: channel.url,
    secretEnv,
    buffer,
    timing: { model: "realtime" },
    budgetMillis: 5_000,
    objective: 0.99,
    rate: { perSecond: 2_000, burst: 500, concurrency: 8 },
    timeoutMillis: 1_000
  }
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  return { channel, definition, env: { [secretEnv]: secret }, close }
}

/** What the channel has to show of these units. */
export const shownFor = ({ onHand, committed, held }: Units): number => Math.max(0, onHand - committed - held - buffer)

/** What it shows, by SKU. */
export const shownBy = ({ channel }: ChannelFixture): Map<string, number> =>
  new Map([...channel.listings.all()].map(({ sku, quantity }) => [sku, quantity]))
