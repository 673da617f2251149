/**
 * What a sales channel is: where it sells from, what it is shown, when it must hear of a change, what it can bear.
 *
 * Guarantee: a decoded definition is complete and inside the limits. It holds no secret: `secretEnv` names the
 * environment variable that does.
 */
import { Schema } from "effect"
import { AllocationRule } from "./AllocationPolicy.ts"
import { ChannelId, LocationId, Note } from "./Identity.ts"
import { LagBufferRule } from "./LagBuffer.ts"
import { rateLimitsMax } from "./Limit.ts"
import { RateLimit } from "./RateLimit.ts"
import { ReconcileRule } from "./ReconcileRule.ts"
import { SftpSettings } from "./SftpSettings.ts"
import { Timing } from "./Timing.ts"
import { wholeFrom } from "./WholeNumber.ts"

/** Requests that a channel admits: a token bucket, how many may be under way at once, and whatever else limits them. */
export const RateBudget = Schema.Struct({
  perSecond: Schema.Number.check(Schema.isGreaterThan(0)),
  burst: wholeFrom(1, 100_000),
  concurrency: wholeFrom(1, 1_000),
  /** further limits: all must admit a call */
  limits: Schema.optionalKey(Schema.Array(RateLimit).check(Schema.isMaxLength(rateLimitsMax))),
  /** the account that the limits hold for, shared with all channels that name the same one; the channel's own when absent */
  account: Schema.optionalKey(Note)
})
export type RateBudget = typeof RateBudget.Type

/** How a channel tells us of its orders by calling `POST /v1/inbound/<channel>`: whose signature and body its calls have. */
const calledBy = <Format extends string>(format: Format) =>
  Schema.Struct({
    format: Schema.Literal(format),
    /** name of the environment variable that holds the secret of its signatures */
    secretEnv: Schema.String
  })

/** How a channel that does not call us is asked for its orders: whose API is asked, at the channel's `endpoint`. */
const askedBy = <Format extends string>(format: Format) =>
  Schema.Struct({
    format: Schema.Literal(format),
    /** milliseconds between two looks when nothing more is there */
    everyMillis: wholeFrom(100, 24 * 60 * 60 * 1000),
    /** name of the environment variable that holds the secret of these requests; the channel's `secretEnv` when absent */
    secretEnv: Schema.optionalKey(Schema.String)
  })

// one member for each format: then what is wrong is said of that format alone
const Inbound = Schema.Union([
  calledBy("standardWebhooks"),
  calledBy("woocommerce"),
  calledBy("shopify"),
  askedBy("vendure"),
  askedBy("sftp"),
  // asked where it says how often, else it calls
  askedBy("amazon"),
  calledBy("amazon")
])
type Inbound = typeof Inbound.Type
export type PolledInbound = Extract<Inbound, { readonly everyMillis: number }>
export type CalledInbound = Exclude<Inbound, PolledInbound>

export const isPolled = (inbound: Inbound): inbound is PolledInbound => "everyMillis" in inbound

const isPlainId = Schema.isPattern(/^[A-Z0-9]{6,20}$/)

/** What the connector of an Amazon seller needs beside the region's endpoint. */
const AmazonSettings = Schema.Struct({
  /** the seller's id (merchant token), such as `A3TH9S8BH6GOGM` */
  sellerId: Schema.String.check(isPlainId),
  /** the store that is sold in, such as `ATVPDKIKX0DER` */
  marketplaceId: Schema.String.check(isPlainId),
  /** URL that gives out access tokens; Login with Amazon's own when absent */
  tokenEndpoint: Schema.optionalKey(Schema.String),
  /** milliseconds after which what Amazon accepted is looked for; half a minute when absent */
  settleMillis: Schema.optionalKey(wholeFrom(0, 60 * 60 * 1000))
})

/** What the connector of a Shopify shop needs beside the shop's address. */
const ShopifySettings = Schema.Struct({
  /** where the shop keeps what is sold through it: `gid://shopify/Location/<number>` */
  locationId: Schema.String.check(Schema.isPattern(/^gid:\/\/shopify\/Location\/\d{1,20}$/))
})

/** What the connector of a Vendure shop needs beside the server's address. */
const VendureSettings = Schema.Struct({
  /** the shop's own id of the stock location whose levels are set */
  stockLocationId: Note,
  /** token of the shop's sales channel, where it has several; its default channel when absent */
  channelToken: Schema.optionalKey(Note)
})

export const ChannelDefinition = Schema.Struct({
  id: ChannelId,
  name: Note,
  connector: Schema.Literals(["webhook", "simulated", "shopify", "woocommerce", "vendure", "sftp", "amazon"]),
  /** URL of the channel's own API */
  endpoint: Schema.String,
  /** name of the environment variable that holds the signing secret, the access token, or the key of the API */
  secretEnv: Schema.optionalKey(Schema.String),
  /** how it tells us of its orders; absent: it does not */
  inbound: Schema.optionalKey(Inbound),
  /** required by the connector `shopify` */
  shopify: Schema.optionalKey(ShopifySettings),
  /** required by the connector `sftp` */
  sftp: Schema.optionalKey(SftpSettings),
  /** required by the connector `vendure` */
  vendure: Schema.optionalKey(VendureSettings),
  /** required by the connector `amazon` */
  amazon: Schema.optionalKey(AmazonSettings),
  /** locations that the channel sells from, the preferred one first; all when absent */
  locations: Schema.optionalKey(Schema.Array(LocationId)),
  /** how its orders are spread over these locations, for lines that name none; by priority when absent */
  allocation: Schema.optionalKey(AllocationRule),
  /** units never shown to this channel */
  buffer: wholeFrom(0, 1_000_000),
  /** more units that are not shown, the more the later it hears and the faster a SKU sells; none when absent */
  lagBuffer: Schema.optionalKey(LagBufferRule),
  /** with this many units available, or fewer, the channel is shown none: the last ones are for others */
  threshold: Schema.optionalKey(wholeFrom(0, 1_000_000)),
  /** most units ever shown to this channel; no cap when absent */
  cap: Schema.optionalKey(wholeFrom(0, 2_000_000_000)),
  timing: Timing,
  /** milliseconds from the event to the channel's acknowledgement */
  budgetMillis: wholeFrom(1, 7 * 24 * 60 * 60 * 1000),
  /** share of events that must be inside the budget, 0 to 1 */
  objective: Schema.Number.check(Schema.isBetween({ minimum: 0.9, maximum: 1 })),
  rate: RateBudget,
  /** when what it shows is compared with what it was told; only on demand when absent */
  reconcile: Schema.optionalKey(ReconcileRule),
  /** milliseconds after which one request's answer is no longer waited for */
  timeoutMillis: wholeFrom(10, 120_000)
})
export type ChannelDefinition = typeof ChannelDefinition.Type

/**
 * Whether a channel is told anything. `paused`: nothing leaves, and what waits goes on waiting, its deadlines with it.
 * `draining`: what waits is sent without regard to its window; once nothing waits, it is paused.
 */
export const Operation = Schema.Literals(["running", "paused", "draining"])
export type Operation = typeof Operation.Type
