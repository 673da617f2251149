/** The connector over SFTP against a real SSH server: what is on the server after each way in which a push can go. */
import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import type { SftpSettings } from "@holdfast/domain/SftpSettings"
import { Effect, Exit, Redacted, Scope } from "effect"
import { createServer, type AddressInfo, type Socket } from "node:net"
import type { PushItem } from "../src/ChannelConnector.ts"
import type { SettledEvent } from "../src/EventAccount.ts"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { makeSftpConnector } from "../src/sftp/SftpConnector.ts"
import { inDirectory, makeLegacyErp, stockPath } from "../src/testing/sftp/LegacyErp.ts"
import { makeSftpServer, type SftpServer } from "../src/testing/sftp/SftpServer.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { file846, sftpSettings } from "./SftpSample.ts"

const item = (sku: string, quantity: number, version = 1): PushItem => ({
  sku: Sku.make(sku),
  quantity,
  version,
  key: `shop:${sku}:${version}:${quantity}`,
  expected: undefined
})

const definitionOf = (server: SftpServer, settings: Partial<SftpSettings> = {}): ChannelDefinition =>
  channelDefinition({
    connector: "sftp",
    endpoint: server.url,
    sftp: sftpSettings(server, settings),
    timeoutMillis: 20_000
  })

const connectorTo = (server: SftpServer, settings: Partial<SftpSettings> = {}, secret = server.password) =>
  makeSftpConnector(definitionOf(server, settings), Redacted.make(secret))

const namesIn = (server: SftpServer) =>
  [...server.files.keys()]
    .filter((path) => path.startsWith(inDirectory))
    .map((path) => path.slice(inDirectory.length + 1))

const until = (isSo: () => boolean) =>
  Effect.promise(async () => {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
  })

/** Takes connections, and says nothing. */
const silentServer = Effect.acquireRelease(
  Effect.promise(
    () =>
      new Promise<{ readonly port: number; readonly connections: () => number; readonly close: () => void }>(
        (resolve) => {
          const sockets = new Set<Socket>()
          const server = createServer((socket) => {
            sockets.add(socket)
            socket
              .resume()
              .on("error", () => {})
              .on("close", () => sockets.delete(socket))
          })
          const close = () => {
            for (const socket of sockets) socket.destroy()
            server.close()
          }
          server.listen(0, "127.0.0.1", () =>
            resolve({ port: (server.address() as AddressInfo).port, connections: () => sockets.size, close })
          )
        }
      )
  ),
  ({ close }) => Effect.sync(close)
)

const jobOf = (outcome: unknown): string => (outcome as { job: string }).job

describe("a push over SFTP", () => {
  it.live("is one file under an ordered name, which is there only when it is whole", () =>
    Effect.gen(function* () {
      const whole: Array<string> = []
      const server = yield* makeSftpServer([inDirectory], (path, bytes) => void whole.push(`${path} ${bytes}`))
      const { push } = yield* connectorTo(server)
      const [first] = yield* push([item("MUG", 7, 3), item("LAMP", 0)])
      const [second] = yield* push([item("MUG", 6, 4)])
      assert.match(jobOf(first), /^stock-\d{9}-[0-9a-f]{12}\.csv$/)
      assert.isTrue(jobOf(first) < jobOf(second))
      assert.deepStrictEqual(namesIn(server), [jobOf(first), jobOf(second)])
      assert.match(whole[0]!, /csv sku,quantity,version,time\r\nMUG,7,3,[-\dT:.]+Z\r\nLAMP,0,1,[-\dT:.]+Z\r\n$/)
      assert.strictEqual(server.logins(), 1, "one connection serves all")
    })
  )

  it.live("again is the same file, also over one that is there", () =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      const { push } = yield* connectorTo(server, { file: file846 })
      const [first] = yield* push([item("MUG", 7)])
      const bytes = server.files.get(`${inDirectory}/${jobOf(first)}`)!.bytes
      assert.deepStrictEqual(yield* push([item("MUG", 7)]), [first!])
      assert.deepStrictEqual(namesIn(server), [jobOf(first)])
      assert.deepStrictEqual(server.files.get(`${inDirectory}/${jobOf(first)}`)!.bytes, bytes)
    })
  )

  it.live("of another process comes after the files that are there, whatever its clock says", () =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      server.put(`${inDirectory}/stock-900000000-0123456789ab.csv`, "sku,quantity\r\n")
      const { push } = yield* connectorTo(server)
      assert.match(jobOf((yield* push([item("MUG", 7)]))[0]), /^stock-900000001-/)
    })
  )

  it.live("is certainly not there when the connection ends before the rename", () =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      const { push } = yield* connectorTo(server)
      yield* push([item("MUG", 7)])
      server.failsWriting()
      const [outcome] = yield* push([item("MUG", 6, 2)])
      assert.deepInclude(outcome, { _tag: "notApplied", because: "transient" })
      assert.strictEqual(namesIn(server).filter((name) => !name.startsWith(".")).length, 1)
      // over a new connection, and over what the first left behind
      assert.strictEqual((yield* push([item("MUG", 6, 2)]))[0]!._tag, "accepted")
      assert.strictEqual(server.logins(), 2)
      assert.deepStrictEqual(
        namesIn(server).filter((name) => name.startsWith(".")),
        []
      )
    })
  )

  it.live("goes over a new connection when the old one was closed in between", () =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      const { push } = yield* connectorTo(server)
      yield* push([item("MUG", 7)])
      server.hangUp()
      yield* until(() => server.connections() === 0)
      // the end may not have been heard of: then it is told again
      const outcomes = yield* Effect.forEach([2, 3], (version) => push([item("MUG", 6, version)]))
      assert.strictEqual(outcomes[1]![0]!._tag, "accepted")
      assert.strictEqual(server.logins(), 2)
    })
  )

  it.live("says nothing to a server with another key", () =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      const { push } = yield* connectorTo(server, { hostKeys: [`SHA256:${"a".repeat(43)}`] })
      const [outcome] = yield* push([item("MUG", 7)])
      assert.deepStrictEqual(outcome, { _tag: "blocked", detail: `the server has another key: ${server.hostKey}` })
      assert.strictEqual(server.logins(), 0)
    })
  )

  it.live("is let in with a private key", () =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      const { push } = yield* connectorTo(server, {}, server.userKey)
      assert.strictEqual((yield* push([item("MUG", 7)]))[0]!._tag, "accepted")
    })
  )

  it.live("is blocked where the directory is missing, and transient where nobody listens", () =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      const missing = yield* connectorTo(server, { directory: "/nowhere" })
      assert.strictEqual((yield* missing.push([item("MUG", 7)]))[0]!._tag, "blocked")
      const definition = { ...definitionOf(server), endpoint: "sftp://127.0.0.1:1" }
      const nobody = yield* makeSftpConnector(definition, Redacted.make("x"))
      assert.deepInclude((yield* nobody.push([item("MUG", 7)]))[0]!, { _tag: "notApplied", because: "transient" })
    })
  )

  it.live("is certainly not there when a server never says that it speaks SSH", () =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      const silent = yield* silentServer
      const definition = { ...definitionOf(server), endpoint: `sftp://127.0.0.1:${silent.port}`, timeoutMillis: 300 }
      const { push } = yield* makeSftpConnector(definition, Redacted.make("x"))
      assert.deepInclude((yield* push([item("MUG", 7)]))[0]!, { _tag: "notApplied", because: "transient" })
      yield* until(() => silent.connections() === 0)
    })
  )

  it.live("ends its connection with its scope", () =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      const scope = yield* Scope.make()
      const { push } = yield* Scope.provide(connectorTo(server), scope)
      yield* push([item("MUG", 7)])
      assert.strictEqual(server.connections(), 1)
      yield* Scope.close(scope, Exit.void)
      yield* until(() => server.connections() === 0)
    })
  )
})

describe("a definition that is wrong", () => {
  it.live.each([
    ["endpoint", { endpoint: "https://127.0.0.1" }, "x"],
    ["endpoint", { endpoint: "sftp://me:secret@127.0.0.1" }, "x"],
    ["endpoint", { endpoint: "sftp://127.0.0.1/in" }, "x"],
    ["sftp", { sftp: undefined }, "x"],
    ["secretEnv", {}, "-----BEGIN OPENSSH PRIVATE KEY-----\nno key\n-----END OPENSSH PRIVATE KEY-----"]
  ] as const)("is refused with its field: %s", ([field, change, secret]) =>
    Effect.gen(function* () {
      const server = yield* makeSftpServer([inDirectory])
      const definition = { ...definitionOf(server), ...change } as ChannelDefinition
      const error = yield* Effect.flip(makeSftpConnector(definition, Redacted.make(secret)))
      assert.strictEqual(error.field, field)
      assert.notInclude(error.message, "no key")
    })
  )
})

describe("the output stream over SFTP", () => {
  it.live("brings an ERP to the newest quantities, and confirms them by its stock file", () =>
    Effect.gen(function* () {
      const erp = yield* makeLegacyErp
      const { server } = erp
      server.put(stockPath, "sku,quantity\n")
      const definition = definitionOf(server, { stock: { path: stockPath, settleMillis: 10 } })
      const connector = yield* makeSftpConnector(definition, Redacted.make(server.password))
      const settled: Array<SettledEvent> = []
      // a file whose fate is not known
      server.meets({ _tag: "lost" })
      const stream = yield* makeOutputStream({ definition, connector, onSettled: (event) => void settled.push(event) })
      const now = Date.now()
      const offered = [
        ["MUG", 1, 7],
        ["LAMP", 1, 3],
        ["MUG", 2, 5]
      ] as const
      for (const [sku, version, units] of offered) stream.offer(announce(sku, version, units, now))
      yield* until(() => settled.length === offered.length)
      assert.deepStrictEqual(
        settled.map(({ outcome }) => outcome),
        offered.map(() => "delivered")
      )
      assert.deepStrictEqual(
        erp.shown,
        new Map([
          ["MUG", 5],
          ["LAMP", 3]
        ])
      )
    }).pipe(Effect.provide(ListingStore.memory))
  )
})
