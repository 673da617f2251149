import { Effect } from "effect"
import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import postgres from "postgres"
import { type RunningTestServers, startTestServers, TestServers } from "../testing/TestServers.ts"

const canConnect = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.once("error", () => resolve(false))
    socket.once("data", () => {
      socket.destroy()
      resolve(true)
    })
  })

describe("TestServers", () => {
  let servers: RunningTestServers
  beforeAll(async () => {
    servers = await startTestServers()
  })
  afterAll(() => servers.stop())

  it("gives an empty database that may be filled", async () => {
    const sql = postgres(servers.databaseUrl, { max: 1 })
    await sql`create table t (v text)`
    await sql`insert into t values ('kept')`
    expect(await sql`select count(*)::int as n from t`).toEqual([{ n: 1 }])
    await sql.end()
  })

  it("takes NATS down and brings it back on the same port", async () => {
    const before = servers.natsPid
    await servers.killNats()
    expect(await canConnect(servers.natsUrl)).toBe(false)
    await servers.restartNats()
    expect(await canConnect(servers.natsUrl)).toBe(true)
    expect(servers.natsPid).not.toBe(before)
  })

  it("ends and removes what the layer started when the layer ends", async () => {
    const urls = await Effect.runPromise(
      Effect.gen(function* () {
        const given = yield* TestServers
        expect(yield* Effect.promise(() => canConnect(given.natsUrl))).toBe(true)
        return given
      }).pipe(Effect.provide(TestServers.layer))
    )
    expect(await canConnect(urls.natsUrl)).toBe(false)
    const sql = postgres(urls.databaseUrl, { max: 1 })
    await expect(sql`select 1`).rejects.toThrow("does not exist")
    await sql.end()
  })
})
