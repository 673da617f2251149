/**
 * What a channel with a lag buffer keeps back of each listing: from the lag of its own acknowledgements, and from what sold.
 *
 * Until it has heard of something, its lag is taken to be its budget. Another lag is adopted only when it moved by `lagFactor`; a
 * listing's buffer is reckoned anew when its stock changes, and otherwise in turns, where only a marked difference counts: a
 * lag that trembles pushes nothing. Guarantee: no I/O; a bounded number of listings at a time. What sold is not remembered over
 * restarts: a new process keeps nothing back of a channel until it has seen something sell.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { lagBuffer, type LagBuffer, type LagBufferRule, type LagPoint } from "@holdfast/domain/LagBuffer"
import { SalesForecast } from "@holdfast/domain/SalesForecast"
import { bufferReviewListings, bufferReviewMillis, bufferStep, heardSlotMillis, lagFactor } from "./ChannelLimit.ts"
import { type LatencyHistogram, LatencyWindow } from "./LatencyHistogram.ts"
import type { Listing } from "./Listing.ts"

export interface KeptForLag extends LagBuffer {
  readonly lagFrom: "measured" | "budget"
}

interface ReviewedListing {
  readonly listing: Listing
  readonly kept: KeptForLag
}

/** Bounds of the shares of all lags that one of them stands for: closer where lags are long, since these are what oversells. */
const shares = [0, 0.25, 0.5, 0.625, 0.75, 0.8125, 0.875, 0.9375, 0.97, 0.99, 1]

/** The lag that stands for each share is that of its middle. */
const lagPointsOf = (quantile: (share: number) => number): ReadonlyArray<LagPoint> =>
  shares.slice(1).map((end, i) => {
    const begin = shares[i]!
    return { seconds: quantile((begin + end) / 2) / 1000, share: end - begin }
  })

const moved = (before: number, now: number): boolean => now > before * lagFactor || now * lagFactor < before

export class LagBuffers {
  readonly heard = new LatencyWindow(heardSlotMillis)
  /** milliseconds since the epoch */
  reviewAt = 0
  private readonly forecast = new SalesForecast()
  private rule: LagBufferRule
  private lag: ReadonlyArray<LagPoint>
  private adopted: { readonly median: number; readonly high: number } | undefined
  private turn: Iterator<Listing> | undefined

  constructor(rule: LagBufferRule, budgetMillis: number) {
    this.rule = rule
    this.lag = [{ seconds: budgetMillis / 1000, share: 1 }]
  }

  redefine(rule: LagBufferRule, budgetMillis: number): void {
    this.rule = rule
    if (this.adopted === undefined) this.lag = [{ seconds: budgetMillis / 1000, share: 1 }]
  }

  sold(listing: Listing, units: number, now: number): void {
    listing.sales = this.forecast.sold(listing.sales, units, now)
  }

  /** @param queueSeconds by which what is told now will be later than what was measured */
  keep(listing: Listing, now: number, queueSeconds = 0): KeptForLag {
    const lag =
      queueSeconds === 0
        ? this.lag
        : this.lag.map(({ seconds, share }) => ({ seconds: Math.max(seconds, queueSeconds), share }))
    const kept = lagBuffer(this.forecast.demand(listing.sales, now), lag, this.rule)
    return { ...kept, lagFrom: this.adopted === undefined ? "budget" : "measured" }
  }

  /** Looks at the lag and at the listings whose turn it is. @returns those of which markedly more or fewer units are to be kept */
  review(listings: ReadonlyMap<Sku, Listing>, now: number): ReadonlyArray<ReviewedListing> {
    if (now < this.reviewAt) return []
    this.reviewAt = now + bufferReviewMillis
    this.adopt(this.heard.whole(now))
    const marked: Array<ReviewedListing> = []
    this.turn ??= listings.values()
    for (let i = 0; i < bufferReviewListings; i++) {
      const next = this.turn.next()
      if (next.done === true) {
        this.turn = undefined
        break
      }
      const { value: listing } = next
      // what is shown less of for its queue is seen to by who did that
      if (listing.kept === undefined || listing.outdated || listing.widened) continue
      const kept = this.keep(listing, now)
      if (Math.abs(kept.units - listing.kept.units) > listing.kept.units * bufferStep) marked.push({ listing, kept })
    }
    return marked
  }

  private adopt(heard: LatencyHistogram): void {
    const [median, high] = [heard.quantile(0.5), heard.quantile(0.97)]
    if (median === undefined || high === undefined) return
    const { adopted } = this
    if (adopted !== undefined && !moved(adopted.median, median) && !moved(adopted.high, high)) return
    this.adopted = { median, high }
    this.lag = lagPointsOf((share) => heard.quantile(share)!)
  }
}
