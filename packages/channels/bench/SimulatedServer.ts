/** A simulated channel in a process of its own, so that its work is not counted as ours. Prints its address; ends with its parent. */
import { ChannelId } from "@holdfast/domain/Identity"
import { Effect, Redacted } from "effect"
import { makeSimulatedChannel } from "../src/simulated/SimulatedChannel.ts"

process.on("disconnect", () => process.exit(0))
const latencyMillis = Number(process.argv[2])
const secret = Redacted.make(process.argv[3]!)
await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const behaviour = { latencyMillis, jitterMillis: 0 }
      const channel = yield* makeSimulatedChannel({ id: ChannelId.make("bench"), name: "Bench", secret, behaviour })
      process.send!(channel.url)
      yield* Effect.never
    })
  )
)
