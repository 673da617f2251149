/**
 * The real stack as users run it, to be broken: `holdfast up` as a child process, which starts its own nats-server and
 * PostgreSQL, in a data directory of its own.
 *
 * Guarantee: only processes of this very directory are ever signalled; nothing is left when it is removed, nor when the
 * test process is killed. It knows nothing of what the stack does.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { processesIn } from "@holdfast/infra/local/ProcessTable"
import { makeTestDirectory, type TestDirectory } from "@holdfast/infra/testing/TestDirectory"
import { spawn, type ChildProcess } from "node:child_process"
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { vi } from "vitest"
import type { RunningInstance } from "../src/RunningInstance.ts"

export type Victim = "app" | "nats" | "postgres"

export interface StackOptions {
  readonly channels?: ReadonlyArray<ChannelDefinition>
  /** environment beside the test's own: the channels' secrets */
  readonly env?: Readonly<Record<string, string>>
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const main = join(import.meta.dirname, "../src/main.ts")
const stopWithParent = join(import.meta.dirname, "../../../infra/local/StopWithParent.mjs")

/** Milliseconds: a start makes the cluster, migrates, and owns 64 partitions; machines under test are busy. */
const startMillis = 60_000
const stopMillis = 20_000

export class StackProcess {
  private readonly directory: TestDirectory = makeTestDirectory("stack-")
  private readonly env: NodeJS.ProcessEnv
  private args: ReadonlyArray<string>
  private child: ChildProcess | undefined

  private constructor(options: StackOptions) {
    const { NATS_URL: _nats, DATABASE_URL: _database, ...rest } = process.env
    this.env = { ...rest, ...options.env, HOLDFAST_DATA_DIR: this.dataDir, HOLDFAST_HTTP_PORT: "0" }
    this.redefine(options.channels ?? [])
    this.args = [main, "up", "--channels", this.channelFile]
  }

  /** The channels from the next start on. */
  redefine(channels: ReadonlyArray<ChannelDefinition>): void {
    writeFileSync(this.channelFile, JSON.stringify(channels))
  }

  /** From the next start on, the channels that the stack itself knows. */
  forgetChannels(): void {
    this.args = [main, "up"]
  }

  /** Makes the directory; nothing runs yet. */
  static make(options: StackOptions = {}): StackProcess {
    return new StackProcess(options)
  }

  /** Starts the stack. Resolves once it says that it serves; rejects with the end of its log when it ends before. */
  async start(): Promise<RunningInstance> {
    const child = this.launch()
    const served = () => {
      if (hasEnded(child)) throw new Error(`the stack ended:\n${this.log()}`)
      const instance = this.instance()
      return instance?.pid === child.pid ? instance : undefined
    }
    return (await vi.waitUntil(served, { timeout: startMillis, interval: 10 }))!
  }

  /** Starts the stack without waiting for it. */
  launch(): ChildProcess {
    const log = openSync(join(this.dataDir, "app.log"), "a")
    // the channel ends the stack when this process is killed
    const child = spawn(process.execPath, ["--import", stopWithParent, ...this.args], {
      env: this.env,
      stdio: ["ignore", log, log, "ipc"]
    })
    child.unref()
    child.channel?.unref()
    closeSync(log)
    this.child = child
    return child
  }

  /** What the stack said where it is; undefined before. The file of a killed one stays. */
  instance(): RunningInstance | undefined {
    try {
      return JSON.parse(readFileSync(join(this.dataDir, "running.json"), "utf8")) as RunningInstance
    } catch {
      return undefined
    }
  }

  /** `kill -9` of all victims at once, every process of theirs. Resolves when those that ran have ended. */
  async kill(victims: ReadonlyArray<Victim>): Promise<void> {
    const pids = victims.flatMap((victim) => this.pidsOf(victim))
    for (const pid of pids) signal(pid, "SIGKILL")
    await vi.waitUntil(() => !pids.some(isAlive), { timeout: stopMillis, interval: 5 })
  }

  /** Runs a command of `holdfast` against this stack. */
  async command(args: ReadonlyArray<string>): Promise<CommandResult> {
    const child = spawn(process.execPath, [main, ...args], { env: this.env, stdio: ["ignore", "pipe", "pipe"] })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")))
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")))
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve))
    return { code, stdout, stderr }
  }

  /** Stops politely. Rejects when it does not end in time. */
  async stop(): Promise<void> {
    const { child } = this
    if (child === undefined || hasEnded(child)) return
    child.kill("SIGTERM")
    await vi.waitUntil(() => hasEnded(child), { timeout: stopMillis, interval: 10 })
  }

  /** Ends what still runs and removes everything. */
  async remove(): Promise<void> {
    await this.stop().catch(() => undefined)
    await this.kill(["app", "nats", "postgres"])
    this.directory.remove()
  }

  /** The end of what the stack wrote. */
  log(): string {
    return readFileSync(join(this.dataDir, "app.log"), "utf8").trimEnd().split("\n").slice(-30).join("\n")
  }

  private get channelFile(): string {
    return join(this.dataDir, "channels.json")
  }

  private get dataDir(): string {
    return this.directory.path
  }

  private pidsOf(victim: Victim): ReadonlyArray<number> {
    if (victim === "app") return this.child?.pid === undefined || hasEnded(this.child) ? [] : [this.child.pid]
    const directory = victim === "nats" ? "nats" : "postgres/cluster"
    return processesIn(join(this.dataDir, directory)).map(({ pid }) => pid)
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // it has ended already
  }
}

/** A killed child that was not reaped yet has ended all the same. */
const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat[stat.lastIndexOf(")") + 2] !== "Z"
  } catch {
    return process.platform !== "linux" && answersSignals(pid)
  }
}

const answersSignals = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
