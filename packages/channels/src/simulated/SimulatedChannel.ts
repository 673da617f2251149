/**
 * A sales channel for demonstrations and tests: an HTTP server of its own on the loopback interface.
 *
 * - `POST /stock`: takes signed webhooks as `WebhookConnector` sends them, and treats them as `Behaviour` says
 * - `GET /listings[?sku=...][?search=&limit=]`: what it shows, also for read-back and audit
 * - `GET /state`, `GET|PUT /behaviour`, and a page for people at `GET /`
 *
 * Guarantee: it does on purpose what real channels do by accident, and counts it. It is not part of the product's data path.
 */
import type { ChannelId } from "@holdfast/domain/Identity"
import { Effect, Redacted, Schema, type Scope } from "effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as wait } from "node:timers/promises"
import { Webhook } from "standardwebhooks"
import { TokenBucket } from "../TokenBucket.ts"
import { messageType } from "../webhook/WebhookConnector.ts"
import { type Behaviour, BehaviourChange, type Fate, fateOf, seededRandom, wellBehaved } from "./SimulatedBehaviour.ts"
import { SimulatedListings } from "./SimulatedListings.ts"
import { pageAsset } from "./SimulatedPage.ts"
import { type ListingQuery, stateOf, viewListings } from "./SimulatedState.ts"
import { SimulatedTraffic } from "./SimulatedTraffic.ts"

/** Bytes of a request body. A webhook is below one kilobyte. */
const bodyBytesMax = 64 * 1024

export class SimulatedChannelError extends Schema.TaggedError<SimulatedChannelError>()("SimulatedChannelError", {
  reason: Schema.Literals(["cannot_listen", "behaviour_invalid"]),
  detail: Schema.String
}) {
  override get message(): string {
    return `simulated channel: ${this.reason}: ${this.detail}`
  }
}

export interface SimulatedChannelOptions {
  readonly id: ChannelId
  /** shown on its page */
  readonly name: string
  /** verifies signatures: `whsec_` and base64 */
  readonly secret: Redacted.Redacted
  /** a free one when absent */
  readonly port?: number
  readonly seed?: number
  readonly behaviour?: BehaviourChange
  /** what it shows survives in this file; in memory only when absent */
  readonly file?: string
}

export interface SimulatedChannel {
  readonly id: ChannelId
  /** its address, without a slash at the end: the `endpoint` of its channel definition */
  readonly url: string
  readonly port: number
  readonly listings: SimulatedListings
  readonly traffic: SimulatedTraffic
  readonly behaviour: () => Behaviour
  readonly behave: (change: BehaviourChange) => void
}

/** Listens until the scope closes; open connections are cut then. */
export const makeSimulatedChannel = (
  options: SimulatedChannelOptions
): Effect.Effect<SimulatedChannel, SimulatedChannelError, Scope.Scope> =>
  Effect.gen(function* () {
    const desk = new Desk(options)
    const server = createServer((request, response) => void desk.serve(request, response))
    yield* Effect.acquireRelease(listen(server, options.port ?? 0), () => close(server))
    const { port } = server.address() as AddressInfo
    return {
      id: options.id,
      url: `http://127.0.0.1:${port}`,
      port,
      listings: desk.listings,
      traffic: desk.traffic,
      behaviour: () => desk.behaviour,
      behave: (change) => desk.behave(change)
    }
  })

const listen = (server: Server, port: number): Effect.Effect<void, SimulatedChannelError> =>
  Effect.callback((resume) => {
    server.once("error", (cause) =>
      resume(Effect.fail(new SimulatedChannelError({ reason: "cannot_listen", detail: cause.message })))
    )
    server.listen(port, "127.0.0.1", () => resume(Effect.void))
  })

const close = (server: Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

interface Push {
  readonly sku: string
  readonly quantity: number
  readonly version: number
  readonly key: string
}

class Desk {
  readonly listings: SimulatedListings
  readonly traffic = new SimulatedTraffic()
  behaviour: Behaviour
  private readonly options: SimulatedChannelOptions
  private readonly webhook: Webhook
  private readonly random: () => number
  private bucket: TokenBucket

  constructor(options: SimulatedChannelOptions) {
    this.options = options
    this.listings = new SimulatedListings(options.file)
    this.behaviour = { ...wellBehaved, ...options.behaviour }
    this.webhook = new Webhook(Redacted.value(options.secret))
    this.random = seededRandom(options.seed ?? 1)
    this.bucket = new TokenBucket(this.behaviour)
  }

  behave(change: BehaviourChange): void {
    const before = this.behaviour
    this.behaviour = { ...before, ...change }
    const { perSecond, burst } = this.behaviour
    if (perSecond !== before.perSecond || burst !== before.burst) this.bucket = new TokenBucket({ perSecond, burst })
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!isLoopback(request.headers.host))
        return answer(response, 421, { error: "ask this server by its loopback address" })
      const url = new URL(request.url ?? "/", "http://127.0.0.1")
      const route = `${request.method} ${url.pathname}`
      if (route === "POST /stock") return await this.takePush(request, response)
      if (route === "PUT /behaviour") return await this.takeBehaviour(request, response)
      this.serveRead(route, url, request, response)
    } catch {
      // the client went away
      response.destroy()
    }
  }

  private serveRead(route: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
    const asset = route.startsWith("GET ") ? pageAsset(url.pathname) : undefined
    if (asset !== undefined) {
      response.writeHead(200, asset.headers)
      response.end(asset.body)
      return
    }
    switch (route) {
      case "GET /listings": {
        // a channel that is away does not answer machines; its page keeps working
        const { outage } = this.behaviour
        const byPage = request.headers["sec-fetch-site"] === "same-origin"
        if (outage === "refusing" && !byPage) return void request.socket.destroy()
        if (outage === "silent" && !byPage) return
        return answer(response, 200, viewListings(this.listings, queryOf(url)))
      }
      case "GET /state":
        return answer(response, 200, stateOf(this.options, this.behaviour, this.listings, this.traffic, Date.now()))
      case "GET /behaviour":
        return answer(response, 200, this.behaviour)
    }
    answer(response, 404, { error: `nothing at ${route}` })
  }

  private async takeBehaviour(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const decoded = Schema.decodeUnknownExit(Schema.fromJsonString(BehaviourChange), { onExcessProperty: "error" })(
      body
    )
    if (decoded._tag === "Failure") return answer(response, 400, { error: String(decoded.cause) })
    this.behave(decoded.value)
    answer(response, 200, this.behaviour)
  }

  private async takePush(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.traffic.count("received", Date.now())
    const body = await bodyOf(request)
    const { behaviour } = this
    if (behaviour.outage === "refusing") return void request.socket.destroy()
    if (behaviour.outage === "silent") return
    const push = this.verified(request, response, body)
    if (push === undefined) return
    const fate = this.admits() ? fateOf(behaviour, this.random) : "throttle"
    const half = (behaviour.latencyMillis + behaviour.jitterMillis * this.random()) / 2
    if (half > 0) await wait(half)
    if (fate === "throttle") {
      this.traffic.count("throttled", Date.now())
      response.setHeader("retry-after", String(behaviour.retryAfterSeconds))
      return answer(response, 429, { error: "too many requests" })
    }
    await this.perform(push, fate, half, request, response)
  }

  private async perform(
    push: Push,
    fate: Fate,
    half: number,
    request: IncomingMessage,
    response: ServerResponse
  ): Promise<void> {
    const shown = this.listings.get(push.sku)
    if (this.behaviour.refusesOlder && shown !== undefined && push.version < shown.version) {
      this.traffic.count("stale", Date.now())
      return answer(response, 409, {
        error: "a newer version is shown",
        quantity: shown.quantity,
        version: shown.version
      })
    }
    if (fate !== "fail") this.listings.apply(push.sku, push.quantity, push.version, push.key, Date.now())
    if (fate === "drop") {
      this.traffic.count("dropped", Date.now())
      return void request.socket.destroy()
    }
    if (half > 0) await wait(half)
    if (fate === "serve") return answer(response, 200, { applied: true })
    this.traffic.count("failed", Date.now())
    answer(response, 500, { error: "something broke" })
  }

  private admits(): boolean {
    if (this.behaviour.perSecond === 0) return true
    const now = Date.now()
    if (this.bucket.availableAt(now) > now) return false
    this.bucket.take(now)
    return true
  }

  private verified(request: IncomingMessage, response: ServerResponse, body: string): Push | undefined {
    try {
      this.webhook.verify(body, request.headers as Record<string, string>, { jsonParse: false })
    } catch {
      this.traffic.count("badSignatures", Date.now())
      answer(response, 401, { error: "the signature does not match" })
      return undefined
    }
    const decoded = decodePush(body)
    if (decoded._tag === "Failure" || decoded.value.data.channel !== this.options.id) {
      this.traffic.count("badRequests", Date.now())
      answer(response, 400, { error: `must be a ${messageType} message for channel ${this.options.id}` })
      return undefined
    }
    return { ...decoded.value.data, key: String(request.headers["webhook-id"]) }
  }
}

const decodePush = Schema.decodeUnknownExit(
  Schema.fromJsonString(
    Schema.Struct({
      type: Schema.Literal(messageType),
      data: Schema.Struct({
        channel: Schema.String,
        sku: Schema.String,
        quantity: Schema.Number.check(Schema.isInt(), Schema.isGreaterThanOrEqualTo(0)),
        version: Schema.Number.check(Schema.isInt())
      })
    })
  )
)

/** A page of another site that resolves its name to us must not reach us. */
const isLoopback = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host ?? "")

const queryOf = (url: URL): ListingQuery => {
  const limit = Number(url.searchParams.get("limit") ?? Number.NaN)
  return {
    skus: url.searchParams.getAll("sku"),
    search: url.searchParams.get("search") ?? "",
    limit: Number.isInteger(limit) && limit > 0 ? limit : Number.POSITIVE_INFINITY
  }
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Error("the body is too large")
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const answer = (response: ServerResponse, status: number, body: unknown): void => {
  if (response.destroyed) return
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
  response.end(JSON.stringify(body))
}
