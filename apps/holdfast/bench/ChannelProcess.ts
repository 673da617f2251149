/** A sales channel in a process of its own, so that its work is not counted as ours. */
import { makeSimulatedChannel } from "@holdfast/channels/simulated/SimulatedChannel"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"
import { Effect, Exit, Redacted, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { answerParent } from "./ProcessDesk.ts"

export interface BenchChannel {
  readonly definition: ChannelDefinition
  readonly secret: string
  readonly secrets: Readonly<Record<string, string>>
}

const id = ChannelId.make("bench")
const secretEnv = "HOLDFAST_SECRET_BENCH"

/** A rate that never holds anything back; the concurrency is a generous number of connections. */
const rate = { perSecond: 100_000, burst: 1_000, concurrency: 64 }

let scope: Scope.Closeable | undefined

const handlers = {
  /** Listens anew, showing nothing. */
  listen: async (latencyMillis: number): Promise<BenchChannel> => {
    if (scope !== undefined) await Effect.runPromise(Scope.close(scope, Exit.void))
    scope = Scope.makeUnsafe()
    const secret = `whsec_${randomBytes(32).toString("base64")}`
    const behaviour = { latencyMillis, jitterMillis: 0 }
    const channel = await Effect.runPromise(
      makeSimulatedChannel({ id, name: "Bench", secret: Redacted.make(secret), behaviour }).pipe(
        Effect.provideService(Scope.Scope, scope)
      )
    )
    const definition: ChannelDefinition = {
      id,
      name: "Bench",
      connector: "simulated",
      endpoint: channel.url,
      secretEnv,
      buffer: 0,
      timing: { model: "realtime" },
      budgetMillis: 60_000,
      objective: 0.99,
      rate,
      timeoutMillis: 5_000
    }
    return { definition, secret, secrets: { [secretEnv]: secret } }
  }
}

export type ChannelHandlers = typeof handlers

answerParent(handlers)
