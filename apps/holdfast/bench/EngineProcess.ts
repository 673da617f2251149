/** The engine alone, in this process, as `apps/engine` composes it. */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { layerSingle } from "@holdfast/engine/Engine"
import { EngineObserver, type EngineObserverShape } from "@holdfast/engine/EngineObserver"
import { Database } from "@holdfast/ledger/Database"
import { Layer, ManagedRuntime } from "effect"

export const startEngine = async (natsUrl: string, databaseUrl: string, onCommit: EngineObserverShape["committed"]) => {
  const runtime = ManagedRuntime.make(
    layerSingle.pipe(
      Layer.provideMerge(
        EngineObserver.layer(
          () => false,
          onCommit,
          () => {}
        )
      ),
      Layer.provideMerge(Layer.mergeAll(Database.layer(databaseUrl), NatsConnection.layer(natsUrl, "bench engine")))
    )
  )
  await runtime.context()
  return runtime
}
