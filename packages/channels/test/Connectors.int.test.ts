/** The connectors against real HTTP servers: the simulated channel, and one that answers whatever a test says. */
import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import { Effect, Redacted, Tracer } from "effect"
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { createServer, get as askHttp, type IncomingMessage, type RequestListener } from "node:http"
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net"
import { Webhook } from "standardwebhooks"
import type { PushItem, PushOutcome } from "../src/ChannelConnector.ts"
import { makeSimulatedChannel, type SimulatedChannelOptions } from "../src/simulated/SimulatedChannel.ts"
import { makeSimulatedConnector } from "../src/simulated/SimulatedConnector.ts"
import { makeWebhookConnector } from "../src/webhook/WebhookConnector.ts"
import { channelDefinition } from "./Announce.ts"

const secret = Redacted.make(`whsec_${Buffer.from("a secret of the tests").toString("base64")}`)
const item = (sku: string, quantity: number, version = 1): PushItem => ({
  sku: Sku.make(sku),
  quantity,
  version,
  key: `shop:${version}:${quantity}`,
  expected: undefined
})

const simulated = (options: Partial<SimulatedChannelOptions> = {}, change: Partial<ChannelDefinition> = {}) =>
  Effect.gen(function* () {
    const channel = yield* makeSimulatedChannel({
      id: ChannelId.make("shop"),
      name: "Shop",
      secret,
      ...options,
      behaviour: { latencyMillis: 0, jitterMillis: 0, ...options.behaviour }
    })
    const connector = yield* makeSimulatedConnector(channelDefinition({ endpoint: channel.url, ...change }), secret)
    return { channel, connector }
  })

const listening = (server: Server) =>
  Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<string>((resolve) =>
          server.listen(0, "127.0.0.1", () =>
            resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`)
          )
        )
    ),
    () =>
      Effect.promise(() => {
        if ("closeAllConnections" in server) (server.closeAllConnections as () => void)()
        return new Promise<void>((resolve) => server.close(() => resolve()))
      })
  )

/** What a webhook to a server with these manners comes to. */
const outcomeAt = (endpoint: string, change: Partial<ChannelDefinition> = {}) =>
  Effect.gen(function* () {
    const connector = yield* makeWebhookConnector(
      channelDefinition({ connector: "webhook", endpoint, ...change }),
      secret
    )
    return (yield* connector.push([item("A", 7)]))[0]!
  })
const outcomeFrom = (answer: RequestListener, change: Partial<ChannelDefinition> = {}) =>
  Effect.flatMap(listening(createServer(answer)), (endpoint) => outcomeAt(endpoint, change))

const summary = (outcome: PushOutcome) => ("because" in outcome ? `${outcome._tag} ${outcome.because}` : outcome._tag)
const textOf = async (request: IncomingMessage) =>
  Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()

describe("the webhook connector", () => {
  it.live("sends one signed message that the Standard Webhooks library accepts, and nothing of our tracing", () =>
    Effect.gen(function* () {
      const seen: Array<{ request: IncomingMessage; body: string }> = []
      const outcome = yield* outcomeFrom((request, response) => {
        void textOf(request).then((body) => {
          seen.push({ request, body })
          response.writeHead(204).end()
        })
      }).pipe(Effect.withSpan("a push"), Effect.provideService(Tracer.Tracer, yield* Tracer.Tracer))
      assert.deepStrictEqual(outcome, { _tag: "applied" })
      const [{ request, body }] = seen as [(typeof seen)[0]]
      new Webhook(Redacted.value(secret)).verify(body, request.headers as Record<string, string>)
      assert.deepInclude(JSON.parse(body), {
        type: "listing.quantity",
        data: { channel: "shop", sku: "A", quantity: 7, version: 1 }
      })
      assert.strictEqual(request.headers["webhook-id"], "shop:1:7")
      for (const name of ["traceparent", "tracestate", "b3", "baggage"]) assert.notProperty(request.headers, name)
      assert.notInclude(JSON.stringify(request.headers), Redacted.value(secret))
    })
  )

  it.live.each([
    [200, {}, "applied"],
    [302, { location: "/elsewhere" }, "blocked"],
    [400, {}, "rejected request"],
    [401, {}, "blocked"],
    [404, {}, "rejected mapping"],
    [409, {}, "stale"],
    [422, {}, "rejected value"],
    [429, { "retry-after": "2" }, "notApplied throttled"],
    [500, {}, "unknown"],
    [503, { "retry-after": "2" }, "notApplied transient"],
    [503, {}, "unknown"]
  ] as const)("takes an answer of %i %o for %s", ([status, headers, expected]) =>
    Effect.gen(function* () {
      const outcome = yield* outcomeFrom((_, response) => void response.writeHead(status, headers).end("some words"))
      assert.strictEqual(summary(outcome), expected)
      if (outcome._tag === "notApplied") assert.strictEqual(outcome.retryAfterMillis, 2_000)
    })
  )

  it.live("hands on what the channel says of its budgets", () =>
    Effect.gen(function* () {
      const headers = { ratelimit: '"day";r=12;t=3600', "ratelimit-policy": '"day";q=5000;w=86400' }
      const before = Date.now()
      const outcome = yield* outcomeFrom((_, response) => void response.writeHead(204, headers).end())
      const [observed] = outcome.observed ?? []
      assert.deepInclude(observed, { kind: "requests", max: 5_000, windowMillis: 86_400_000, remaining: 12 })
      assert.isAtLeast(observed!.resetAt!, before + 3_600_000)
    })
  )

  it.live("is certain that nothing happened when nobody listens", () =>
    Effect.gen(function* () {
      const server = createTcpServer()
      const endpoint = yield* Effect.scoped(listening(server))
      assert.strictEqual(summary(yield* outcomeAt(endpoint)), "notApplied transient")
    })
  )

  it.live("does not know what happened when the connection is cut instead of an answer", () =>
    Effect.gen(function* () {
      assert.strictEqual(summary(yield* outcomeFrom((request) => void request.socket.destroy())), "unknown")
    })
  )

  it.live("does not know what happened when the answer takes too long", () =>
    Effect.gen(function* () {
      const outcome = yield* outcomeFrom(() => undefined, { timeoutMillis: 50 })
      assert.deepStrictEqual(outcome, { _tag: "unknown", detail: "no answer within 50 ms" })
    })
  )

  it.live("does not know what happened when the server does not speak HTTP", () =>
    Effect.gen(function* () {
      const endpoint = yield* listening(
        createTcpServer(
          (socket) =>
            void socket
              .on("error", () => {})
              .resume()
              .end("220 mail ready\r\n")
        )
      )
      assert.strictEqual(summary(yield* outcomeAt(endpoint)), "unknown")
    })
  )

  it.live("goes by the status when the body is larger than it reads", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        summary(yield* outcomeFrom((_, response) => void response.end("x".repeat(1_000_000)))),
        "applied"
      )
      assert.strictEqual(
        summary(yield* outcomeFrom((_, response) => void response.writeHead(409).end("x".repeat(1_000_000)))),
        "stale"
      )
    })
  )

  it.live("keeps connections open from one push to the next", () =>
    Effect.gen(function* () {
      let connections = 0
      const server = createServer((_, response) => void response.end())
      server.on("connection", () => (connections += 1))
      const endpoint = yield* listening(server)
      const connector = yield* makeWebhookConnector(channelDefinition({ connector: "webhook", endpoint }), secret)
      for (let i = 0; i < 10; i++) yield* connector.push([item("A", i)])
      // a second one at most: the first may not be free yet when its answer is already read
      assert.isAtMost(connections, 2)
    })
  )

  it.live("refuses an endpoint or a secret that cannot be, by the name of the field", () =>
    Effect.gen(function* () {
      const refusal = (change: Partial<ChannelDefinition>, of = secret) =>
        Effect.map(Effect.flip(makeWebhookConnector(channelDefinition(change), of)), (error) => error.message)
      assert.match(yield* refusal({ endpoint: "ftp://x" }), /channel shop: endpoint must be an http or https URL/)
      assert.match(yield* refusal({ endpoint: "no url" }), /endpoint/)
      const withPassword = yield* refusal({ endpoint: "http://me:hunter2@x" })
      assert.match(withPassword, /endpoint must not hold credentials/)
      assert.notInclude(withPassword, "hunter2")
      const badSecret = yield* refusal({}, Redacted.make("whsec_%%%%"))
      assert.match(badSecret, /channel shop: secretEnv/)
      assert.notInclude(badSecret, "%%%%")
    })
  )
})

describe("the simulated channel and its connector", () => {
  it.live("shows what it was pushed, and tells it again", () =>
    Effect.gen(function* () {
      const { channel, connector } = yield* simulated()
      const skus = ["A-1", "100 % wool/ä", "x&sku=y", "🧦"]
      for (const sku of skus) {
        assert.deepStrictEqual(yield* connector.push([item(sku, sku.length)]), [{ _tag: "applied" }])
      }
      assert.strictEqual(channel.listings.size, 4)
      const shown = yield* connector.readBack!([...skus, "missing"].map((sku) => Sku.make(sku)))
      assert.deepStrictEqual(shown, {
        _tag: "shown",
        quantities: new Map(skus.map((sku) => [Sku.make(sku), sku.length]))
      })
    })
  )

  it.live("applies a key once, and counts an older version over a newer one", () =>
    Effect.gen(function* () {
      const { channel, connector } = yield* simulated()
      yield* connector.push([item("A", 5, 2)])
      yield* connector.push([item("A", 5, 2)])
      assert.deepInclude(channel.listings, { applied: 1, repeated: 1, olderOverNewer: 0 })
      yield* connector.push([item("A", 9, 1)])
      assert.deepInclude(channel.listings, { applied: 2, olderOverNewer: 1 })
      channel.behave({ refusesOlder: true })
      assert.deepStrictEqual(yield* connector.push([item("A", 3, 0)]), [{ _tag: "stale", actual: 9 }])
    })
  )

  it.live("refuses a signature made with another secret", () =>
    Effect.gen(function* () {
      const { channel } = yield* simulated()
      const other = Redacted.make(`whsec_${Buffer.from("another").toString("base64")}`)
      const connector = yield* makeSimulatedConnector(channelDefinition({ endpoint: channel.url }), other)
      assert.strictEqual((yield* connector.push([item("A", 1)]))[0]!._tag, "blocked")
      assert.strictEqual(channel.traffic.counts.badSignatures, 1)
      assert.strictEqual(channel.listings.size, 0)
    })
  )

  it.live("limits the rate it admits with 429 and Retry-After", () =>
    Effect.gen(function* () {
      const { connector } = yield* simulated({ behaviour: { perSecond: 1, burst: 2, retryAfterSeconds: 7 } })
      const outcomes = yield* Effect.forEach([1, 2, 3, 4], (n) => connector.push([item("A", n)]))
      assert.deepStrictEqual(outcomes.flat().map(summary), [
        "applied",
        "applied",
        "notApplied throttled",
        "notApplied throttled"
      ])
      assert.deepInclude(outcomes[3]![0], { retryAfterMillis: 7_000 })
    })
  )

  it.live("applies a write and then loses the answer, when told to", () =>
    Effect.gen(function* () {
      const { channel, connector } = yield* simulated({ behaviour: { droppedShare: 1 } })
      assert.strictEqual((yield* connector.push([item("A", 4)]))[0]!._tag, "unknown")
      assert.deepInclude(channel.listings.get("A"), { quantity: 4 })
    })
  )

  it.live("fails in the shares it is told, the same with the same seed", () =>
    Effect.gen(function* () {
      const run = Effect.gen(function* () {
        const { connector } = yield* simulated({
          seed: 7,
          behaviour: { throttledShare: 0.2, errorShare: 0.2, droppedShare: 0.2 }
        })
        return yield* Effect.forEach(
          Array.from({ length: 100 }, (_, n) => item(`S${n}`, n)),
          (one) => connector.push([one])
        )
      })
      const [first, second] = [(yield* run).flat().map(summary), (yield* run).flat().map(summary)]
      assert.deepStrictEqual(first, second)
      const throttled = first.filter((each) => each === "notApplied throttled").length
      const unknown = first.filter((each) => each === "unknown").length
      assert.isTrue(throttled > 8 && throttled < 35, `${throttled} throttled`)
      assert.isTrue(unknown > 22 && unknown < 58, `${unknown} unknown`)
    })
  )

  it.live("is silent or away, for pushes and read-back, when told to", () =>
    Effect.gen(function* () {
      const { channel, connector } = yield* simulated({}, { timeoutMillis: 50 })
      for (const outage of ["silent", "refusing"] as const) {
        channel.behave({ outage })
        assert.strictEqual((yield* connector.push([item("A", 4)]))[0]!._tag, "unknown")
        assert.strictEqual((yield* connector.readBack!([Sku.make("A")]))._tag, "unreachable")
      }
      assert.strictEqual(channel.listings.size, 0)
    })
  )

  it.live("changes its behaviour over HTTP, and names what is wrong with a change", () =>
    Effect.gen(function* () {
      const { channel } = yield* simulated()
      const put = (body: string) =>
        Effect.promise(async () => {
          const response = await fetch(`${channel.url}/behaviour`, { method: "PUT", body })
          return { status: response.status, text: await response.text() }
        })
      assert.strictEqual((yield* put('{"latencyMillis":250}')).status, 200)
      assert.strictEqual(channel.behaviour().latencyMillis, 250)
      for (const [body, field] of [
        ['{"errorShare":2}', "errorShare"],
        ['{"speed":1}', "speed"],
        ['{"outage":"maybe"}', "outage"]
      ] as const) {
        const { status, text } = yield* put(body)
        assert.strictEqual(status, 400)
        assert.include(text, field)
      }
      assert.strictEqual((yield* put("nonsense")).status, 400)
      assert.strictEqual(channel.behaviour().latencyMillis, 250)
    })
  )

  it.live("remembers what it shows in its file, also when the last line was cut off", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync("/tmp/holdfast-channel-")),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const file = `${directory}/shop.jsonl`
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { connector } = yield* simulated({ file })
          for (const [sku, quantity] of [
            ["A", 1],
            ["B", 2],
            ["A", 3]
          ] as const)
            yield* connector.push([item(sku, quantity)])
        })
      )
      appendFileSync(file, '{"sku":"C","quan')
      const { channel } = yield* simulated({ file })
      assert.deepStrictEqual(
        [...channel.listings.all()].map((each) => [each.sku, each.quantity, each.writes]),
        [
          ["A", 3, 2],
          ["B", 2, 1]
        ]
      )
    })
  )

  it.live("serves its page under a policy that allows nothing from elsewhere, and only to the loopback name", () =>
    Effect.gen(function* () {
      const { channel } = yield* simulated()
      const get = (path: string) => Effect.promise(async () => fetch(channel.url + path))
      for (const path of ["/", "/page.css", "/page.js"]) {
        const page = yield* get(path)
        assert.strictEqual(page.status, 200)
        assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'none'; script-src 'self'/)
        const text = yield* Effect.promise(() => page.text())
        assert.notMatch(text.replaceAll("http://www.w3.org/2000/svg", ""), /https?:\/\//)
      }
      assert.strictEqual((yield* get("/listings?search=")).status, 200)
      assert.strictEqual((yield* get("/nowhere")).status, 404)
      const rebound = yield* Effect.promise(
        () =>
          new Promise<number | undefined>((resolve, reject) => {
            askHttp(`${channel.url}/state`, { headers: { host: "evil.example" } }, (response) => {
              response.resume()
              resolve(response.statusCode)
            }).on("error", reject)
          })
      )
      assert.strictEqual(rebound, 421)
    })
  )
})
