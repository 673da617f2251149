import { describe, expect, it } from "vitest"
import { SalesForecast, type ListingSales } from "../src/SalesForecast.ts"

const hour = 3_600_000

/** Sells `units[i]` of listing i every `everyMillis`, one listing after another, until `until`. */
const sell = (forecast: SalesForecast, units: ReadonlyArray<number>, everyMillis: number, until: number) => {
  const sales: Array<ListingSales | undefined> = units.map(() => undefined)
  for (let at = everyMillis; at <= until; at += everyMillis)
    for (const [i, each] of units.entries()) sales[i] = forecast.sold(sales[i], each, at)
  return sales
}

describe("the forecast of sales", () => {
  it("comes to the pace at which a listing sells, and to the variance of its orders", () => {
    const forecast = new SalesForecast()
    const [small, large] = sell(forecast, [1, 20], 10_000, 24 * hour)
    // what is taken over from the average listing is a tenth at most of what two listings have of their own
    const isAbout = (value: number, of: number) => expect(Math.abs(value / of - 1)).toBeLessThan(0.1)
    isAbout(forecast.demand(small, 24 * hour).mean, 0.1)
    isAbout(forecast.demand(large, 24 * hour).mean, 2)
    isAbout(forecast.demand(large, 24 * hour).variance, 40)
  })

  it("is zero before anything was sold, and above zero for a listing that has not sold yet", () => {
    const forecast = new SalesForecast()
    expect(forecast.demand(undefined, 0)).toEqual({ mean: 0, variance: 0 })
    const [seller] = sell(forecast, [2, 2], 10_000, hour)
    const unsold = forecast.demand(undefined, hour).mean
    expect(unsold).toBeGreaterThan(0)
    expect(unsold).toBeLessThan(forecast.demand(seller, hour).mean / 10)
  })

  it("does not forget what a listing's share is while nothing sells at all, and falls to the pace of the week", () => {
    const forecast = new SalesForecast()
    const [few, many] = sell(forecast, [1, 9], 10_000, 12 * hour)
    const ratio = (now: number) => forecast.demand(many, now).mean / forecast.demand(few, now).mean
    const evening = ratio(12 * hour)
    const busy = forecast.demand(many, 12 * hour).mean
    expect(ratio(24 * hour)).toBeCloseTo(evening, 6)
    // of the week, half a day sold
    expect(forecast.demand(many, 24 * hour).mean / busy).toBeCloseTo(0.065, 2)
  })
})
