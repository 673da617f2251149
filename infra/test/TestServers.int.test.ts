import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import postgres from "postgres"
import { startTestServers, type RunningTestServers } from "../testing/TestServers.ts"

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
})
