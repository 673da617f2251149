/**
 * Several processes that call one account: real NATS, real PostgreSQL, and a channel that counts each request it gets. One of them is a
 * process of its own, which is killed.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"
import type { RateLimit } from "@holdfast/domain/RateLimit"
import type { AccountState } from "@holdfast/channels/lease/LeaseTerms"
import { saveDefinitions } from "@holdfast/ledger/ChannelDefinitions"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, assert, beforeAll, beforeEach, describe, expect, it } from "vitest"
import * as Harness from "./OutboundHarness.ts"

const { announce, publish } = Harness

/** A process of its own begins late on a busy machine. */
const patience = { timeout: 60_000, interval: 20 }
const testMillis = 180_000

const until = (condition: () => boolean, message: () => string = () => "") =>
  expect.poll(() => (condition() ? "yes" : `not yet ${message()}`), patience).toBe("yes")

interface Request {
  readonly at: number
  readonly channel: string
}

let server: Server
let requests: Array<Request> = []
let underWay = 0
let mostUnderWay = 0

/** Answers after some milliseconds: what it was told is shown. */
const startChannel = async () => {
  server = createServer((request, response) => {
    requests.push({ at: performance.now(), channel: request.url!.slice(1) })
    underWay += 1
    mostUnderWay = Math.max(mostUnderWay, underWay)
    request.resume()
    let isOpen = true
    const end = () => {
      if (isOpen) underWay -= 1
      isOpen = false
    }
    response.on("close", end)
    setTimeout(() => {
      end()
      response.writeHead(200).end()
    }, 15)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
}

const definitionOf = (id: string, account: string, limit: RateLimit): ChannelDefinition => ({
  id: ChannelId.make(id),
  name: id,
  connector: "webhook",
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${id}`,
  secretEnv: "TEST_SECRET",
  buffer: 0,
  timing: { model: "realtime" },
  budgetMillis: 2_000,
  objective: 0.99,
  rate: { perSecond: 200, burst: 20, concurrency: 6, account, limits: [limit] },
  timeoutMillis: 1_000
})

let round = 0
const children: Array<ChildProcess> = []
let directory: string

const stops: Array<() => Promise<void>> = []

/** Outbound with connections of its own, in this process. */
const startOutbound = async (definition: ChannelDefinition) => {
  const outbound = await Harness.startOutbound([], [definition])
  stops.push(outbound.stop)
  return outbound
}

/** Outbound as it is run in production, in a process of its own. */
const startChild = async (definition: ChannelDefinition): Promise<ChildProcess> => {
  const file = join(directory, `${definition.id}.json`)
  await writeFile(file, JSON.stringify([definition]))
  const { natsUrl, databaseUrl } = Harness.servers()
  const child = spawn(process.execPath, [new URL("../src/main.ts", import.meta.url).pathname], {
    env: {
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      HOLDFAST_CHANNELS: file,
      TEST_SECRET: `whsec_${Buffer.from("a secret of the tests").toString("base64")}`
    },
    stdio: "ignore"
  })
  children.push(child)
  return child
}

const kill = async (child: ChildProcess) => {
  const ended = once(child, "exit")
  child.kill("SIGKILL")
  await ended
}

/** The most in any span of so many milliseconds, from the request of this index on. */
const mostIn = (windowMillis: number, since = 0): number => {
  let [most, first] = [0, since]
  for (let last = since; last < requests.length; last++) {
    while (requests[first]!.at <= requests[last]!.at - windowMillis) first += 1
    most = Math.max(most, last - first + 1)
  }
  return most
}

const countOf = (channel: string) => requests.filter((each) => each.channel === channel).length

const flood = async (skus: number, version: number) => {
  for (let n = 0; n < skus; n++) await publish(announce(`S${n}`, version, version * 100 + 1 + n))
}

/** All that the store counts of the account's one limit, spent or leased. */
const counted = async (account: string): Promise<number> => {
  const [row] = await Harness.sql()<[{ state: AccountState }?]>`
    select state from account_budget where account = ${`account ${account}`}`
  const spent = Object.values(row?.state.spent ?? {}).flat()
  const held = Object.values(row?.state.members ?? {}).flatMap(({ counts }) => Object.values(counts))
  return (
    spent.reduce((all, { others }) => all + others, 0) +
    held.reduce((all, { granted, spent, returned }) => all + granted.others - spent.others - returned.others, 0)
  )
}

beforeAll(async () => {
  await Harness.start()
  await startChannel()
  directory = await mkdtemp(join(tmpdir(), "holdfast-shared-"))
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(directory, { recursive: true })
  await Harness.stop()
})
beforeEach(async () => {
  round += 1
  requests = []
  mostUnderWay = 0
  await Harness.begin()
})
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await kill(child)
  await Promise.all(stops.splice(0).map((stop) => stop()))
  await Harness.end()
})

describe("processes of one account", () => {
  it(
    "never exceed a window together, and use most of it, while one of them is killed",
    { timeout: testMillis },
    async () => {
      const [max, windowMillis] = [100, 5_000]
      const account = `seller-${round}`
      const [a, b, c] = ["a", "b", "c"].map((name) =>
        definitionOf(`${name}-${round}`, account, { kind: "requests", max, windowMillis })
      ) as [ChannelDefinition, ChannelDefinition, ChannelDefinition]
      await saveDefinitions(Harness.sql(), [a, b, c], Date.now())
      await flood(400, 1)
      const child = await startChild(c)
      for (const each of [a, b]) await startOutbound(each)
      const counts = () => [a, b, c].map(({ id }) => countOf(id))
      await until(
        () => counts().every((count) => count >= 20),
        () => counts().join(" ")
      )
      await kill(child)
      const before = requests.length
      // a fifth is kept for updates to zero; the two that are left use most of the rest
      await until(
        () => mostIn(windowMillis, before) >= 0.8 * 0.8 * max && requests.length >= before + max,
        () => `${mostIn(windowMillis, before)} of ${requests.length - before}`
      )
      // a window that is measured here is shorter by what a request may take longer to get here than another
      assert.isAtMost(mostIn(windowMillis - 250), max)
      assert.isAtMost(mostUnderWay, 6)
    }
  )

  it("do not spend a day once more after a kill, and use it up", { timeout: testMillis }, async () => {
    const max = 60
    const account = `seller-${round}`
    const [a, b] = ["a", "b"].map((name) =>
      definitionOf(`${name}-${round}`, account, { kind: "requests", max, windowMillis: 86_400_000 })
    ) as [ChannelDefinition, ChannelDefinition]
    await saveDefinitions(Harness.sql(), [a, b], Date.now())
    await flood(20, 1)
    const child = await startChild(a)
    await until(
      () => countOf(a.id) === 20,
      () => `${countOf(a.id)}`
    )
    await flood(200, 2)
    await kill(child)
    const second = await startChild(a)
    const one = await startOutbound(b)
    await expect.poll(() => counted(account), patience).toBe(48)
    await until(() => one.snapshots()[0]!.waitsFor !== undefined)
    await kill(second)
    const third = await startOutbound(a)
    await until(() => (third.snapshots()[0]!.waitsFor?.limit ?? "").includes("requests"))
    assert.isAtMost(requests.length, 48)
    // two were killed, each with what it had leased and not spent
    assert.isAtLeast(requests.length, 24)
  })
})
