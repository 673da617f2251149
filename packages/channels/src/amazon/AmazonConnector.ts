/**
 * The connector of an Amazon seller: sets the quantity of listings in one store, over the Selling Partner API.
 *
 * `endpoint` is the region's (`https://sellingpartnerapi-eu.amazon.com`), the secret what `AmazonCredentials` describes, `amazon` names
 * seller and store. Amazon knows listings by the seller's SKU. It takes a change first and applies it later: `accepted`, and what is
 * shown is read back after `settleMillis`. One listing goes in one request: a feed would tell more at once, but there may be one every
 * two minutes, in which requests tell 600. It does not create listings, nor touch those that Amazon's warehouses fulfil.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import { Effect, type Redacted, type Scope } from "effect"
import type { ChannelConnector, PushItem, PushOutcome, ReadBack } from "../ChannelConnector.ts"
import { unreadBecause } from "../http/HttpOutcome.ts"
import { amazonReadMax, amazonSettleMillis } from "../ChannelLimit.ts"
import type { ConnectorError } from "../ConnectorError.ts"
import { type AmazonApi, makeAmazonApi } from "./AmazonApi.ts"
import {
  findListings,
  getListing,
  isSearchable,
  outcomeOfSubmission,
  quantitiesOf,
  setQuantity,
  unnameable
} from "./AmazonListings.ts"

const pushOne = (api: AmazonApi, item: PushItem): Effect.Effect<PushOutcome> => {
  const refusal = unnameable(item.sku)
  if (refusal !== undefined) return Effect.succeed(refusal)
  return Effect.map(api.ask(setQuantity(api, item)), (answer) => {
    if (answer._tag === "refused") return answer.outcome
    const outcome = outcomeOfSubmission(answer.body)
    return answer.observed === undefined ? outcome : { ...outcome, observed: answer.observed }
  })
}

/** Several SKUs in one request where that can name them, else one each. */
const requestsFor = (skus: ReadonlyArray<Sku>): ReadonlyArray<ReadonlyArray<Sku>> => {
  const nameable = skus.filter((sku) => unnameable(sku) === undefined)
  const searchable = nameable.filter(isSearchable)
  const pages: Array<ReadonlyArray<Sku>> = nameable.filter((sku) => !isSearchable(sku)).map((sku) => [sku])
  for (let from = 0; from < searchable.length; from += amazonReadMax)
    pages.push(searchable.slice(from, from + amazonReadMax))
  return pages
}

const isUnlisted = (outcome: PushOutcome): boolean => outcome._tag === "rejected" && outcome.because === "mapping"

const readBackFrom =
  (api: AmazonApi) =>
  (skus: ReadonlyArray<Sku>): Effect.Effect<ReadBack> =>
    Effect.gen(function* () {
      const quantities = new Map<Sku, number>()
      let said: ReadBack["observed"]
      for (const page of requestsFor(skus)) {
        const isOne = page.length === 1
        const answer = yield* api.ask(isOne ? getListing(api, page[0]!) : findListings(api, page))
        if (answer._tag === "refused") {
          if (isOne && isUnlisted(answer.outcome)) continue
          return unreadBecause(answer.outcome)
        }
        said = answer.observed ?? said
        const shown = quantitiesOf(answer.body)
        if (shown === undefined) return unreadBecause({ _tag: "unknown", detail: "the answer is not one of listings" })
        for (const sku of page) if (shown.has(sku)) quantities.set(sku, shown.get(sku)!)
      }
      return { _tag: "shown", quantities, ...(said === undefined ? {} : { observed: said }) } as const
    })

/** @param secret JSON as `AmazonCredentials` describes it */
export const makeAmazonConnector = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted
): Effect.Effect<ChannelConnector, ConnectorError, Scope.Scope> =>
  Effect.map(makeAmazonApi(definition, secret), (api) => ({
    descriptor: {
      kind: "amazon",
      batchMax: 1,
      readMax: amazonReadMax,
      idempotent: false,
      settleMillis: definition.amazon?.settleMillis ?? amazonSettleMillis
    },
    push: (items) => Effect.forEach(items, (item) => pushOne(api, item)),
    readBack: readBackFrom(api)
  }))
