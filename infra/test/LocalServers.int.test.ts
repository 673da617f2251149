import { jetstream, jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { ConfigProvider, Effect, Exit, Scope } from "effect"
import { spawn, type ChildProcess } from "node:child_process"
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { createInterface } from "node:readline"
import postgres from "postgres"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { choosePort } from "../local/FreePort.ts"
import * as LocalNats from "../local/LocalNats.ts"
import * as LocalPostgres from "../local/LocalPostgres.ts"
import * as LocalStack from "../local/LocalStack.ts"
import { processStamp } from "../local/PidLock.mjs"
import { testRoot } from "../testing/TestEnvironment.ts"

interface Server {
  readonly url: string
  readonly pid: number
  readonly port: number
}
interface Held {
  readonly nats: Server
  readonly postgres: Server
}

const holdServers = join(import.meta.dirname, "../testing/HoldServers.ts")
const unprivileged = 65534
const isRoot = process.getuid?.() === 0
const othersMayEnter = (path: string): boolean =>
  (statSync(path).mode & 1) === 1 && (path === "/" || othersMayEnter(join(path, "..")))

let directories: { readonly nats: string; readonly postgres: string }
let holders: Array<ChildProcess>
let scopes: Array<Scope.Closeable>

const scoped = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> => {
  const scope = Scope.makeUnsafe()
  scopes.push(scope)
  return Effect.runPromise(Scope.provide(effect, scope))
}

/** Runs the program that holds both servers, as another user if given. */
const hold = async (uid?: number): Promise<Held & { readonly owner: ChildProcess }> => {
  const owner = spawn(process.execPath, [holdServers, directories.nats, directories.postgres], {
    stdio: ["ignore", "pipe", "inherit"],
    ...(uid === undefined ? {} : { uid, gid: uid })
  })
  holders.push(owner)
  for await (const line of createInterface({ input: owner.stdout! })) return { owner, ...(JSON.parse(line) as Held) }
  throw new Error("the servers did not start")
}

const ended = (pid: number) => vi.waitUntil(() => processStamp(pid) === undefined, { timeout: 30_000 })
const kill9 = async (...pids: ReadonlyArray<number>) => {
  for (const pid of pids) process.kill(pid, "SIGKILL")
  for (const pid of pids) await ended(pid)
}

const write = async ({ nats, postgres: database }: Held): Promise<void> => {
  const connection = await connect({ servers: nats.url })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: "KEPT", subjects: ["kept"] })
  await jetstream(connection).publish("kept", "message")
  await connection.close()
  const sql = postgres(database.url, { max: 1, fetch_types: false })
  await sql`create table kept (v text)`
  await sql`insert into kept values ('row')`
  await sql.end()
}

const read = async ({ nats, postgres: database }: Held) => {
  const connection = await connect({ servers: nats.url })
  const message = await (await jetstreamManager(connection)).streams.getMessage("KEPT", { seq: 1 })
  await connection.close()
  const sql = postgres(database.url, { max: 1, fetch_types: false })
  const [row] = await sql`select v from kept`
  await sql.end()
  return { message: message?.string(), row: row?.["v"] as unknown }
}

const written = { message: "message", row: "row" }

/** The standard ports may come and go with other programs of this machine; as the port of last time another one is used. */
const leavePort = async (directory: string): Promise<void> =>
  writeFileSync(join(directory, "port"), String(await choosePort([0])))

beforeEach(async () => {
  mkdirSync(testRoot, { recursive: true })
  directories = {
    nats: mkdtempSync(join(testRoot, "nats-")),
    postgres: mkdtempSync(join(testRoot, "postgres-"))
  }
  for (const directory of Object.values(directories)) await leavePort(directory)
  holders = []
  scopes = []
})

afterEach(async () => {
  for (const { exitCode, pid, signalCode } of holders) {
    if (pid === undefined || exitCode !== null || signalCode !== null) continue
    process.kill(pid, "SIGTERM")
    await ended(pid)
  }
  for (const scope of scopes) await Effect.runPromise(Scope.close(scope, Exit.void))
  await Effect.runPromise(LocalNats.stopLeftBehind(directories.nats))
  await Effect.runPromise(LocalPostgres.stopLeftBehind(directories.postgres))
  for (const path of Object.values(directories)) rmSync(path, { recursive: true, force: true })
})

describe("local servers", () => {
  it("end with their owner and come back with their data", async () => {
    const first = await hold()
    await write(first)
    first.owner.kill("SIGTERM")
    await ended(first.owner.pid!)
    expect([first.nats.pid, first.postgres.pid].map(processStamp)).toEqual([undefined, undefined])
    expect(await read(await hold())).toEqual(written)
  })

  it("are found and replaced, with their data, after kill -9 of their owner", async () => {
    const first = await hold()
    await write(first)
    await kill9(first.owner.pid!)
    expect(processStamp(first.nats.pid)).toBeDefined()
    expect(processStamp(first.postgres.pid)).toBeDefined()
    const second = await hold()
    expect([first.nats.pid, first.postgres.pid].map(processStamp)).toEqual([undefined, undefined])
    expect(await read(second)).toEqual(written)
    expect([second.nats.port, second.postgres.port]).toEqual([first.nats.port, first.postgres.port])
  })

  it("come back with their data after kill -9 of everything", async () => {
    const first = await hold()
    await write(first)
    await kill9(first.owner.pid!, first.nats.pid, first.postgres.pid)
    expect(await read(await hold())).toEqual(written)
  })

  it("do not hear a terminal's Ctrl-C", async () => {
    const { nats, postgres: database } = await hold()
    for (const { pid } of [nats, database]) {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
      const processGroup = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2])
      expect(processGroup).toBe(pid)
    }
  })

  it("belong to one living process: a second start is refused and harms nothing", async () => {
    const { nats, owner } = await hold()
    const second = await Effect.runPromise(
      Effect.scoped(LocalNats.start({ dataDir: directories.nats })).pipe(Effect.flip)
    )
    expect(second.reason).toMatchObject({ _tag: "AlreadyRunning", holder: owner.pid })
    expect(second.message).toContain(String(owner.pid))
    expect(processStamp(nats.pid)).toBeDefined()
  })

  it("take another port when theirs is taken, and so run side by side", async () => {
    const stranger = createServer()
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve))
    const { port } = stranger.address() as { readonly port: number }
    const nats = await scoped(LocalNats.start({ dataDir: directories.nats, port }))
    const database = await scoped(LocalPostgres.start({ dataDir: directories.postgres, port }))
    expect(new Set([port, nats.port, database.port]).size).toBe(3)
    await new Promise((resolve) => stranger.close(resolve))
  })

  it.skipIf(!isRoot || !othersMayEnter(testRoot))("run for an ordinary user", async () => {
    for (const path of Object.values(directories)) {
      chownSync(path, unprivileged, unprivileged)
      chownSync(join(path, "port"), unprivileged, unprivileged)
    }
    const held = await hold(unprivileged)
    await write(held)
    expect(await read(held)).toEqual(written)
  })
})

describe("LocalStack", () => {
  const withEnvironment = (env: Record<string, string>) =>
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env)))

  it("uses the servers that are given and starts none", async () => {
    const dataDir = join(directories.nats, "unused")
    const given = { NATS_URL: "nats://nats.example:4222", DATABASE_URL: "postgres://db.example/holdfast" }
    const stack = await scoped(LocalStack.start({ dataDir }).pipe(withEnvironment(given)))
    expect(stack).toEqual({ natsUrl: given.NATS_URL, databaseUrl: given.DATABASE_URL })
    expect(existsSync(dataDir)).toBe(false)
  })

  it("starts servers again that ended by themselves", async () => {
    const told: Array<string> = []
    const options = { keepRunning: true, onProgress: (line: string) => told.push(line) }
    const nats = await scoped(LocalNats.start({ dataDir: directories.nats, ...options }))
    const database = await scoped(LocalPostgres.start({ dataDir: directories.postgres, ...options }))
    await write({ nats, postgres: database })
    await kill9(nats.pid, database.pid)
    await vi.waitFor(async () => expect(await read({ nats, postgres: database })).toEqual(written), {
      timeout: 30_000,
      interval: 50
    })
    expect(told).toContainEqual(expect.stringContaining("nats ended by itself"))
    expect(told).toContainEqual(expect.stringContaining("postgres ended by itself"))
  })
})
