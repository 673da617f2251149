/**
 * The processes that a scenario is made of, beside this one: load generators, what is measured, channels.
 *
 * Guarantee: `stopAll` ends every process that was started, by its pid if it does not end by itself, and returns when all are
 * gone. A process that ends too early rejects what was asked of it.
 */
import { fork, type ChildProcess } from "node:child_process"
import type { Answer, Handlers, Question } from "./ProcessDesk.ts"

/** Milliseconds that a process has to end after it was let go. */
const endMillis = 5_000

export class BenchProcess<H extends Handlers> {
  private readonly child: ChildProcess
  private readonly file: string
  private readonly asked = new Map<number, PromiseWithResolvers<unknown>>()
  private readonly ended: Promise<void>
  private questions = 0

  /** @param file beside this one @param flags of Node */
  constructor(file: string, flags: ReadonlyArray<string>) {
    this.file = file
    // standard output belongs to the results
    this.child = fork(new URL(file, import.meta.url), [], { execArgv: [...flags], stdio: ["ignore", 2, 2, "ipc"] })
    this.child.on("message", (answer: Answer) => this.heard(answer))
    this.ended = new Promise((resolve) => {
      this.child.once("error", (cause) => this.fail(cause, resolve))
      this.child.once("exit", (code, signal) => this.fail(new Error(`${file} ended (${signal ?? code})`), resolve))
    })
  }

  ask<K extends keyof H & string>(name: K, ...input: Parameters<H[K]>): Promise<Awaited<ReturnType<H[K]>>> {
    const id = ++this.questions
    const asked = Promise.withResolvers<unknown>()
    this.asked.set(id, asked)
    this.child.send({ id, name, input: input as unknown as ReadonlyArray<never> } satisfies Question, (cause) => {
      if (cause !== null) asked.reject(cause)
    })
    return asked.promise as Promise<Awaited<ReturnType<H[K]>>>
  }

  async stop(): Promise<void> {
    if (this.child.connected) this.child.disconnect()
    const impatience = setTimeout(() => this.child.kill("SIGKILL"), endMillis)
    await this.ended
    clearTimeout(impatience)
  }

  private heard(answer: Answer): void {
    const asked = this.asked.get(answer.id)
    this.asked.delete(answer.id)
    if ("error" in answer) asked?.reject(new Error(`${this.file}: ${answer.error}`))
    else asked?.resolve(answer.result)
  }

  private fail(cause: Error, ended: () => void): void {
    for (const { reject } of this.asked.values()) reject(cause)
    this.asked.clear()
    ended()
  }
}

export class Processes {
  private readonly running = new Set<BenchProcess<Handlers>>()
  private readonly kept = new Map<string, BenchProcess<Handlers>>()

  /** A new process. */
  start<H extends Handlers>(file: string, flags: ReadonlyArray<string> = []): BenchProcess<H> {
    const started = new BenchProcess<H>(file, flags)
    this.running.add(started as unknown as BenchProcess<Handlers>)
    return started
  }

  /** The process of this name: the same one, with its compiled code, in every run of a scenario. */
  keep<H extends Handlers>(name: string, file: string, flags: ReadonlyArray<string> = []): BenchProcess<H> {
    const kept = this.kept.get(name)
    if (kept !== undefined) return kept as unknown as BenchProcess<H>
    const started = this.start<H>(file, flags)
    this.kept.set(name, started as unknown as BenchProcess<Handlers>)
    return started
  }

  async stopAll(): Promise<void> {
    const all = [...this.running]
    this.running.clear()
    this.kept.clear()
    await Promise.all(all.map((process) => process.stop()))
  }
}
