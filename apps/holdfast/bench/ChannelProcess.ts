/** A sales channel in a process of its own, so that its work is not counted as ours. */
import type { BehaviourChange } from "@holdfast/channels/simulated/SimulatedBehaviour"
import { makeSimulatedChannel, type SimulatedChannel } from "@holdfast/channels/simulated/SimulatedChannel"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"
import { Effect, Exit, Redacted, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { ample, type ChannelShape } from "./ChannelShape.ts"
import { answerParent } from "./ProcessDesk.ts"

export interface BenchChannel {
  readonly definition: ChannelDefinition
  readonly secret: string
  readonly secrets: Readonly<Record<string, string>>
}

const secretEnv = "HOLDFAST_SECRET_BENCH"

const only: ChannelShape = {
  id: ChannelId.make("bench"),
  timing: { model: "realtime" },
  budgetMillis: 60_000,
  rate: ample
}

let scope: Scope.Closeable | undefined

const channels = new Map<string, SimulatedChannel>()

/** One that answers 429 beyond its rate, where it has one; twice the burst, since requests do not arrive as evenly as they leave. */
const listenAs = async (shape: ChannelShape, latencyMillis: number, secret: string, within: Scope.Scope) => {
  const { perSecond, burst } = shape.rate
  const limit = shape.rate.perSecond === ample.perSecond ? {} : { perSecond, burst: 2 * burst }
  const behaviour = { latencyMillis, jitterMillis: 0, ...limit }
  const channel = await Effect.runPromise(
    makeSimulatedChannel({ id: shape.id, name: "Bench", secret: Redacted.make(secret), behaviour }).pipe(
      Effect.provideService(Scope.Scope, within)
    )
  )
  channels.set(shape.id, channel)
  const definition: ChannelDefinition = {
    name: "Bench",
    connector: "simulated",
    endpoint: channel.url,
    secretEnv,
    buffer: 0,
    objective: 0.99,
    timeoutMillis: 5_000,
    ...shape
  }
  return definition
}

const listenAll = async (latencyMillis: number, shapes: ReadonlyArray<ChannelShape>) => {
  if (scope !== undefined) await Effect.runPromise(Scope.close(scope, Exit.void))
  const opened = (scope = Scope.makeUnsafe())
  const secret = `whsec_${randomBytes(32).toString("base64")}`
  const definitions = await Promise.all(shapes.map((shape) => listenAs(shape, latencyMillis, secret, opened)))
  return { definitions, secret, secrets: { [secretEnv]: secret } }
}

const handlers = {
  /** Listens anew, showing nothing. */
  listen: async (latencyMillis: number): Promise<BenchChannel> => {
    const { definitions, ...rest } = await listenAll(latencyMillis, [only])
    return { definition: definitions[0]!, ...rest }
  },

  /** The same as several channels, each at an address of its own. */
  listenAll,

  behave: (id: ChannelId, change: BehaviourChange): void => channels.get(id)!.behave(change),

  /** Quantities that it took since then, in their order. @param since milliseconds since the epoch */
  takenSince: (id: ChannelId, since: number): ReadonlyArray<number> =>
    channels.get(id)!.listings.log.flatMap(({ appliedAt, quantity }) => (appliedAt >= since ? [quantity] : []))
}

export type ChannelHandlers = typeof handlers

answerParent(handlers)
