/**
 * Chooses a TCP port on loopback: the one this data directory had last time, else the standard one, else any free one.
 *
 * A port that is free now may be taken a moment later; whoever binds it must be ready to ask again (`LocalServer` does).
 */
import { createServer } from "node:net"

/** Resolves to the port when it can be bound on 127.0.0.1 now (0 asks for any), else to `undefined`. */
const bindable = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(undefined))
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined))
    })
  })

/**
 * The first of `wanted` that is free on 127.0.0.1 (0 stands for any), else a free one of the system's choice.
 * `isFree` is given by tests only.
 */
export const choosePort = async (
  wanted: ReadonlyArray<number | undefined>,
  isFree: (port: number) => Promise<number | undefined> = bindable
): Promise<number> => {
  for (const port of wanted) {
    const free = port === undefined ? undefined : await isFree(port)
    if (free !== undefined) return free
  }
  const any = await isFree(0)
  if (any === undefined) throw new Error("no free TCP port on 127.0.0.1")
  return any
}
