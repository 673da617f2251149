/**
 * An HTTP proxy on loopback that fails on demand, between a connector under test and the channel that it talks to.
 *
 * Guarantee: a request meets the fault that was asked for, once; all others are forwarded as they are. What is forwarded has been
 * answered by the channel before an answer is lost.
 */
import { Effect, type Scope } from "effect"
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/**
 * `passes`: it is forwarded as it is. `status`: it never reaches the channel. `lost`: the channel acts on it, and its answer is cut off. `silent`: it never reaches the
 * channel, and is never answered. `bytes`: it is answered with these instead of HTTP.
 */
export type Fault =
  | { readonly _tag: "passes" }
  | {
      readonly _tag: "status"
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  | { readonly _tag: "lost" }
  | { readonly _tag: "silent" }
  | { readonly _tag: "bytes"; readonly bytes: Uint8Array }

export interface FaultyProxy {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** The next request meets this; once per call, in their order. */
  readonly meets: (fault: Fault) => void
  /** requests that came, forwarded or not */
  readonly requests: () => number
}

const forward = (target: URL, request: IncomingMessage, onAnswer: (answer: IncomingMessage) => void): void => {
  const { host: _, connection: __, ...headers } = request.headers
  const to = ask(new URL(request.url!, target), { method: request.method, headers, agent: false }, onAnswer)
  to.on("error", () => request.socket.destroy())
  request.pipe(to)
}

const fail = (
  fault: Exclude<Fault, { readonly _tag: "passes" }>,
  target: URL,
  request: IncomingMessage,
  response: ServerResponse
): void => {
  switch (fault._tag) {
    case "status":
      request.resume()
      return void response.writeHead(fault.status, fault.headers).end(fault.body)
    case "lost":
      return forward(
        target,
        request,
        (answer) => void answer.resume().on("end", () => request.socket.resetAndDestroy())
      )
    case "silent":
      return void request.resume()
    case "bytes":
      return void request.resume().on("end", () => request.socket.end(fault.bytes))
  }
}

/** @param channel where requests are forwarded to; closed with the scope */
export const makeFaultyProxy = (channel: string): Effect.Effect<FaultyProxy, never, Scope.Scope> =>
  Effect.gen(function* () {
    const target = new URL(channel)
    const faults: Array<Fault> = []
    let requests = 0
    const server = createServer((request, response) => {
      requests += 1
      const fault = faults.shift()
      if (fault !== undefined && fault._tag !== "passes") return fail(fault, target, request, response)
      return forward(target, request, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      })
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.promise(() => {
          server.closeAllConnections()
          return new Promise<void>((resolve) => server.close(() => resolve()))
        })
    )
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return { url, meets: (fault) => void faults.push(fault), requests: () => requests }
  })
