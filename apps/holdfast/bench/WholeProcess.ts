/** The pipeline exactly as one machine runs it, HTTP server included, in a process whose memory is measured. */
import { EngineObserver } from "@holdfast/engine/EngineObserver"
import { ConfigProvider, Effect, Layer, ManagedRuntime } from "effect"
import { setTimeout as wait } from "node:timers/promises"
import * as Pipeline from "../src/Pipeline.ts"
import { untilQuiet } from "../src/Quiescence.ts"
import { patienceMillis } from "./BenchLimit.ts"
import { answerParent } from "./ProcessDesk.ts"

/** Milliseconds between two looks at what was committed. */
const lookMillis = 100

type Whole = ManagedRuntime.ManagedRuntime<Layer.Success<ReturnType<typeof Pipeline.layer>>, unknown>

let running: Whole | undefined

const handlers = {
  start: async (options: Pipeline.PipelineOptions, secrets: Readonly<Record<string, string>>): Promise<void> => {
    const runtime = ManagedRuntime.make(
      Pipeline.layer(options).pipe(Layer.provide(ConfigProvider.layerAdd(ConfigProvider.fromUnknown(secrets))))
    )
    running = runtime as unknown as Whole
    await runtime.context()
  },

  /** Resolves when so many facts were committed, and everything that was published has gone all the way. */
  quiet: async (facts: number): Promise<void> => {
    const counts = await running!.runPromise(EngineObserver.use((observer) => Effect.succeed(observer.counts)))
    // asked earlier, ingest's position may be looked at in the middle of a batch
    while (counts.facts < facts) await wait(lookMillis)
    const isQuiet = await running!.runPromise(untilQuiet(patienceMillis))
    if (!isQuiet) throw new Error(`not quiet within ${patienceMillis} ms`)
  },

  /** Bytes. */
  memory: (): NodeJS.MemoryUsage => process.memoryUsage(),

  stop: (): Promise<void> => Effect.runPromise(running!.disposeEffect)
}

export type WholeHandlers = typeof handlers

answerParent(handlers)
