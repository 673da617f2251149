/** The pipeline exactly as one machine runs it, HTTP server included, in a process whose memory is measured. */
import { Effect, ConfigProvider, Layer, ManagedRuntime } from "effect"
import * as Pipeline from "../src/Pipeline.ts"
import { untilQuiet } from "../src/Quiescence.ts"
import { patienceMillis } from "./BenchLimit.ts"
import { answerParent } from "./ProcessDesk.ts"

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

  /** Resolves when everything that was published has gone all the way. */
  quiet: async (): Promise<void> => {
    const isQuiet = await running!.runPromise(untilQuiet(patienceMillis))
    if (!isQuiet) throw new Error(`not quiet within ${patienceMillis} ms`)
  },

  /** Bytes. */
  memory: (): { readonly rss: number; readonly heapUsed: number; readonly external: number } => {
    const { rss, heapUsed, external } = process.memoryUsage()
    return { rss, heapUsed, external }
  },

  stop: (): Promise<void> => Effect.runPromise(running!.disposeEffect)
}

export type WholeHandlers = typeof handlers

answerParent(handlers)
