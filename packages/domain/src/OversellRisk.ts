/**
 * How many units a channel may oversell while it shows too much, and which update goes first for it.
 *
 * What is shown above what there is can be sold and is not there. Demand in the time until it is told is Poisson; what exceeds
 * the units that are there, up to those shown too many, is expected to be oversold.
 * Guarantee: pure. An update waits at most `ageingMillis` longer than another with the same deadline, whatever its risk: nothing
 * starves behind riskier ones.
 */

/** Seconds over which demand is averaged: long enough to see a slow seller sell, short enough to see a rush begin. */
export const demandSeconds = 600

/** Units per second of a SKU of which nothing is known: one a day. Without it, an update to zero would not seem urgent. */
export const demandLeast = 1 / 86_400

/** Units that were sold, as an average that forgets. Times are milliseconds since the epoch. */
export interface Demand {
  /** units per second at `at` */
  readonly perSecond: number
  readonly at: number
}

/** Units per second at a later time if nothing more is sold. */
export const demandAt = (demand: Demand | undefined, now: number): number => {
  if (demand === undefined) return demandLeast
  const seconds = Math.max(0, now - demand.at) / 1000
  return Math.max(demandLeast, demand.perSecond * Math.exp(-seconds / demandSeconds))
}

/** Counts units that were sold now. */
export const demandWith = (demand: Demand | undefined, units: number, now: number): Demand => {
  const before =
    demand === undefined ? 0 : demand.perSecond * Math.exp(-Math.max(0, now - demand.at) / 1000 / demandSeconds)
  return { perSecond: before + units / demandSeconds, at: now }
}

/** Terms that are summed at most: beyond, the demand is so large that nearly all of it is excess. */
const termsMax = 500

/** E[(N - units)+] for N ~ Poisson(mean). @param units 0 or more */
export const expectedExcess = (mean: number, units: number): number => {
  if (units === 0) return mean
  if (units > termsMax || mean > termsMax) return Math.max(0, mean - units)
  // E[(N-u)+] = mean - u + E[(u-N)+], and the last is a finite sum
  let probability = Math.exp(-mean)
  let short = 0
  for (let n = 0; n < units; n++) {
    short += (units - n) * probability
    probability *= mean / (n + 1)
  }
  return Math.max(0, mean - units + short)
}

/** What a channel shows beside what it is to show. */
export interface Staleness {
  /** units that it shows; undefined when nobody knows: then nothing is sold there yet */
  readonly shown: number | undefined
  readonly wanted: number
  /** units per second */
  readonly demand: number
  /** for how long it may stay so */
  readonly seconds: number
}

/** Units that are expected to be oversold. */
export const expectedOversell = ({ shown, wanted, demand, seconds }: Staleness): number =>
  shown === undefined || shown <= wanted ? 0 : Math.min(shown - wanted, expectedExcess(demand * seconds, wanted))

/**
 * The place of an update in the queue: the least goes first.
 * @param deadline milliseconds since the epoch
 * @param ageingMillis how much earlier the riskiest goes than one without risk
 */
export const placeInQueue = (deadline: number, ageingMillis: number, expectedUnits: number): number =>
  deadline + ageingMillis / (1 + expectedUnits)
