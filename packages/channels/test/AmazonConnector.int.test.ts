/** The Amazon connector against a seller's account that keeps Amazon's contract, over HTTP. */
import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { Effect, Exit, Redacted } from "effect"
import { makeAmazonConnector } from "../src/amazon/AmazonConnector.ts"
import type { ChannelConnector, PushItem, PushOutcome } from "../src/ChannelConnector.ts"
import { amazonReadMax } from "../src/ChannelLimit.ts"
import { AmazonSeller, type SubmissionIssue } from "../src/testing/amazon/AmazonSeller.ts"
import { checksOf, type ConformanceSubject } from "../src/testing/ConnectorConformance.ts"
import { channelDefinition } from "./Announce.ts"
import { amazonSecret, amazonSubject } from "./ConformanceTargets.ts"

const item = (sku: string, quantity: number, version = 1): PushItem => ({
  sku: Sku.make(sku),
  quantity,
  version,
  key: `amazon:${sku}:${version}:${quantity}`,
  expected: undefined
})
const summary = (outcome: PushOutcome | undefined) =>
  outcome === undefined ? "none" : "because" in outcome ? `${outcome._tag}/${outcome.because}` : outcome._tag
const subjectOf = amazonSubject(20_000)
const [first, second, third] = ["A-1", "100 % wool/ä", "🧦"] as const

describe("the Amazon connector", () => {
  it.live("has a quantity accepted under its submission, and shows it when it has landed", () =>
    Effect.gen(function* () {
      const { connector, land, seller } = yield* subjectOf
      seller.listings.set(first, { quantity: 3, leadTimeDays: 12 })
      const [outcome] = yield* connector.push([item(first, 7)])
      assert.deepInclude(outcome, { _tag: "accepted", observed: [{ kind: "requests", restorePerSecond: 5 }] })
      const shown = () =>
        Effect.map(connector.readBack!([Sku.make(first)]), (read) => "quantities" in read && read.quantities)
      assert.deepStrictEqual(yield* shown(), new Map([[Sku.make(first), 3]]))
      land()
      assert.deepStrictEqual(yield* shown(), new Map([[Sku.make(first), 7]]))
      assert.deepStrictEqual(seller.listings.get(first), { quantity: 7, leadTimeDays: 12 })
    })
  )

  it.live("asks for one access token, however many ask at once, and for the next when it is turned away", () =>
    Effect.gen(function* () {
      const { connector, contract, proxy, seller } = yield* subjectOf
      const pushes = [first, second, third].map((sku) => connector.push([item(sku, 1)]))
      yield* Effect.all(pushes, { concurrency: 3 })
      assert.deepStrictEqual([contract.tokensAsked(), proxy.requests()], [1, 3])
      seller.endTokens()
      const [outcome] = yield* connector.push([item(first, 2)])
      assert.deepStrictEqual([summary(outcome), contract.tokensAsked(), proxy.requests()], ["accepted", 2, 5])
    })
  )

  it.live("is blocked when a new access token is turned away too, and asks no further", () =>
    Effect.gen(function* () {
      const { connector, contract, proxy } = yield* subjectOf
      yield* connector.push([item(first, 1)])
      const body = JSON.stringify({ errors: [{ code: "Unauthorized", message: "Access is denied." }] })
      for (const status of [401, 403]) proxy.meets({ _tag: "status", status, body })
      const [outcome] = yield* connector.push([item(first, 2)])
      assert.strictEqual(summary(outcome), "blocked")
      assert.match("detail" in outcome! ? outcome.detail : "", /Unauthorized: Access is denied/)
      assert.deepStrictEqual([contract.tokensAsked(), proxy.requests()], [2, 3])
    })
  )

  it.live("is sure that nothing was told while Login with Amazon is away, and blocked when it refuses", () =>
    Effect.gen(function* () {
      const { definition, expire, connector, proxy, seller } = yield* subjectOf
      const away = { ...definition.amazon!, tokenEndpoint: "http://127.0.0.1:1/token" }
      const lonely = yield* makeAmazonConnector({ ...definition, amazon: away }, amazonSecret(seller))
      assert.deepStrictEqual((yield* lonely.push([item(first, 1)])).map(summary), ["notApplied/transient"])
      expire()
      const [outcome] = yield* connector.push([item(first, 1)])
      assert.match("detail" in outcome! ? outcome.detail : "", /invalid_grant/)
      assert.deepStrictEqual([summary(outcome), proxy.requests()], ["blocked", 0])
    })
  )

  it.live("reads twenty listings in one request, and one that a list cannot name by itself", () =>
    Effect.gen(function* () {
      const { connector, proxy, seller } = yield* subjectOf
      const skus = Array.from({ length: amazonReadMax }, (_, i) => Sku.make(i === 7 ? "one, two" : `S ${i}&+`))
      skus.forEach((sku, i) => seller.listings.set(sku, { quantity: i }))
      const { observed, ...read } = yield* connector.readBack!(skus)
      assert.deepStrictEqual(read, { _tag: "shown", quantities: new Map(skus.map((sku, i) => [sku, i])) })
      assert.deepStrictEqual([proxy.requests(), observed], [2, [{ kind: "requests", restorePerSecond: 5 }]])
    })
  )

  it.live("shows nothing of a listing that is not there, or not the seller's own stock", () =>
    Effect.gen(function* () {
      const { connector, seller } = yield* subjectOf
      seller.listings.set("FBA", { quantity: 0, isFulfilledByAmazon: true })
      for (const skus of [["gone"], ["FBA"], ["gone", "FBA", ".."]]) {
        const read = yield* connector.readBack!(skus.map((sku) => Sku.make(sku)))
        assert.deepInclude(read, { _tag: "shown", quantities: new Map() })
      }
    })
  )

  it.live("says why Amazon does not take a quantity", () =>
    Effect.gen(function* () {
      const { connector, seller, proxy } = yield* subjectOf
      seller.listings.set("FBA", { quantity: 0, isFulfilledByAmazon: true })
      const outcomes = yield* connector.push([
        item(first, 2_000_000_000),
        item("FBA", 1),
        item("gone", 1),
        item("..", 1)
      ])
      const expected = ["rejected/value", "rejected/listingState", "rejected/mapping", "rejected/mapping"]
      assert.deepStrictEqual(outcomes.map(summary), expected)
      assert.deepStrictEqual([proxy.requests(), seller.applied], [3, 0])
    })
  )

  it.live("is throttled when the account's quota is spent, and reads nothing then either", () =>
    Effect.gen(function* () {
      const { connector, contract, seller } = yield* subjectOf
      // so far in debt that a busy machine does not wait it out on the way
      contract.quotas.patchListingsItem.leave(-1_000)
      contract.quotas.getListingsItem.leave(-1_000)
      const [outcome] = yield* connector.push([item(first, 1)])
      assert.strictEqual(summary(outcome), "notApplied/throttled")
      assert.match("detail" in outcome! ? outcome.detail : "", /QuotaExceeded/)
      assert.strictEqual((yield* connector.readBack!([Sku.make(first)]))._tag, "unreachable")
      seller.land()
      assert.strictEqual(seller.applied, 0)
    })
  )

  it.live("never says a secret, whatever happens", () =>
    Effect.gen(function* () {
      const { connector, proxy, seller, expire } = yield* subjectOf
      const { clientSecret, refreshToken } = seller
      const said: Array<unknown> = [connector]
      for (const fault of [
        { _tag: "lost" },
        { _tag: "status", status: 500 },
        { _tag: "bytes", bytes: new Uint8Array(3) }
      ] as const) {
        proxy.meets(fault)
        said.push(yield* connector.push([item(first, 1)]))
      }
      expire()
      said.push(yield* connector.push([item(first, 1)]), yield* connector.readBack!([Sku.make(first)]))
      for (const secret of [clientSecret, refreshToken, "Atza|"]) assert.notInclude(JSON.stringify(said), secret)
    })
  )

  it.live("refuses a definition that cannot be, by the name of the field", () =>
    Effect.gen(function* () {
      const amazon = { sellerId: "A3TH9S8BH6GOGM", marketplaceId: "ATVPDKIKX0DER" }
      const good = '{"clientId":"a","clientSecret":"b","refreshToken":"c"}'
      const refusal = (change: Partial<ChannelDefinition>, secret = good) =>
        Effect.map(
          Effect.flip(makeAmazonConnector(channelDefinition(change), Redacted.make(secret))),
          (error) => error.message
        )
      assert.match(yield* refusal({}), /channel shop: amazon is required/)
      assert.match(yield* refusal({ amazon, endpoint: "http://amazon.example" }), /endpoint must be an https URL/)
      const plain = { ...amazon, tokenEndpoint: "http://login.example" }
      assert.match(yield* refusal({ amazon: plain }), /amazon tokenEndpoint must be an https URL/)
      for (const secret of [
        "hush",
        '{"clientId":"hush"}',
        '{"clientId":"hush\\n","clientSecret":"b","refreshToken":"c"}'
      ]) {
        const message = yield* refusal({ amazon }, secret)
        assert.match(message, /secretEnv/)
        assert.notInclude(message, "hush")
      }
    })
  )
})

type Broken = (subject: ConformanceSubject & { readonly connector: ChannelConnector }) => ChannelConnector

const outcomesAre =
  (change: (outcome: PushOutcome) => PushOutcome): Broken =>
  ({ connector }) => ({
    ...connector,
    push: (items) => Effect.map(connector.push(items), (outcomes) => outcomes.map(change))
  })

const detail = "broken"

const brokenConnectors: Readonly<Record<string, Broken>> = {
  "says that what is accepted is shown": outcomesAre((outcome) =>
    outcome._tag === "accepted" ? { _tag: "applied" } : outcome
  ),
  "says that a lost write was not applied": outcomesAre((outcome) =>
    outcome._tag === "unknown"
      ? { _tag: "notApplied", because: "transient", retryAfterMillis: undefined, detail }
      : outcome
  ),
  "does not say how long it is throttled": outcomesAre((outcome) =>
    outcome._tag === "notApplied" ? { ...outcome, retryAfterMillis: undefined } : outcome
  ),
  "says that refused credentials are a mistake of the request": outcomesAre((outcome) =>
    outcome._tag === "blocked" ? { _tag: "rejected", because: "request", detail } : outcome
  ),
  "takes an unlisted item for a mistake of the request": outcomesAre((outcome) =>
    outcome._tag === "rejected" ? { ...outcome, because: "request" } : outcome
  ),
  "tries again by itself": ({ connector }) => ({
    ...connector,
    push: (items) =>
      Effect.flatMap(connector.push(items), (outcomes) =>
        outcomes.some(({ _tag }) => _tag === "notApplied") ? connector.push(items) : Effect.succeed(outcomes)
      )
  }),
  "tells another quantity": ({ connector }) => ({
    ...connector,
    push: (items) => connector.push(items.map((each) => ({ ...each, quantity: each.quantity + 1 })))
  }),
  "reads nothing back": ({ connector }) => ({
    ...connector,
    readBack: () => Effect.succeed({ _tag: "shown", quantities: new Map() })
  })
}

const brokenSellers: Readonly<Record<string, () => AmazonSeller>> = {
  "never applies what it took": () =>
    new (class extends AmazonSeller {
      override land(): void {}
    })(),
  "applies what it took to all its listings": () =>
    new (class extends AmazonSeller {
      override land(): void {
        super.land()
        const [first] = this.listings.values()
        for (const sku of this.listings.keys()) this.listings.set(sku, first!)
      }
    })(),
  "takes nothing": () =>
    new (class extends AmazonSeller {
      override submit(): ReadonlyArray<SubmissionIssue> {
        return [{ code: "1", message: "no", severity: "ERROR", attributeNames: [], categories: [] }]
      }
    })(),
  "lists whatever it is asked for": () => {
    const seller = new AmazonSeller()
    const { listings } = seller
    const get = listings.get.bind(listings)
    listings.get = (sku) => get(sku) ?? { quantity: 0 }
    return seller
  },
  "lets nobody in": () =>
    new (class extends AmazonSeller {
      override hasGranted(): boolean {
        return false
      }
    })()
}

describe("the conformance suite", () => {
  const failures = (broken: Broken, seller?: () => AmazonSeller) =>
    Effect.gen(function* () {
      const make = (timeoutMillis: number) =>
        Effect.map(amazonSubject(timeoutMillis, {}, seller), (subject) => ({
          ...subject,
          connector: broken(subject)
        }))
      const checks = checksOf({ name: "broken", hasBatches: false, hasReadBack: true, hasUnlisted: true, make })
      const ends = yield* Effect.forEach(checks, ({ check }) => Effect.scoped(Effect.exit(check)))
      return ends.filter(Exit.isFailure).length
    })

  it.live("finds nothing in the connector as it is", () =>
    Effect.map(
      failures(({ connector }) => connector),
      (count) => assert.strictEqual(count, 0)
    )
  )

  it.live.each(Object.keys(brokenConnectors))("catches a connector that %s", (name) =>
    Effect.map(failures(brokenConnectors[name]!), (count) => assert.isAtLeast(count, 1))
  )

  it.live.each(Object.keys(brokenSellers))("catches a channel that %s", (name) =>
    Effect.map(
      failures(({ connector }) => connector, brokenSellers[name]),
      (count) => assert.isAtLeast(count, 1)
    )
  )
})
