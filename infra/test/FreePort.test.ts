import { createServer } from "node:net"
import { describe, expect, it } from "vitest"
import { choosePort } from "../local/FreePort.ts"

/** A world in which these ports are taken and 40000 is what the system gives. */
const taken =
  (...ports: ReadonlyArray<number>) =>
  async (port: number) =>
    ports.includes(port) ? undefined : port === 0 ? 40_000 : port

describe("choosePort", () => {
  it("prefers the port of last time, then the standard one", async () => {
    expect(await choosePort([4333, 4222], taken())).toBe(4333)
    expect(await choosePort([undefined, 4222], taken())).toBe(4222)
    expect(await choosePort([4333, 4222], taken(4333))).toBe(4222)
  })

  it("takes any free port when all wanted ones are taken", async () => {
    expect(await choosePort([4333, 4222], taken(4333, 4222))).toBe(40_000)
    expect(await choosePort([0], taken())).toBe(40_000)
  })

  it("sees that a port is taken on this machine", async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as { readonly port: number }
    expect(await choosePort([port])).not.toBe(port)
    await new Promise((resolve) => server.close(resolve))
    expect(await choosePort([port])).toBe(port)
  })
})
