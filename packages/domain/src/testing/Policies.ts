/**
 * Invents from where each channel's orders are served: everywhere, or from some locations by priority or by cost, split or not.
 */
import type { AllocationPolicy } from "../AllocationPolicy.ts"
import { ChannelId, LocationId } from "../Identity.ts"
import type { Random } from "./Random.ts"

export const channels = ["webshop", "plaza", "outlet"].map((channel) => ChannelId.make(channel))
export const destinations = ["coast", "hills"]

const places = ["main", "east", "west"].map((place) => LocationId.make(place))

const policyOf = (random: Random): AllocationPolicy => {
  const locations = random.shuffled(places).slice(0, random.whole(1, places.length))
  const costs = Object.fromEntries(
    destinations.map((to) => [
      to,
      Object.fromEntries(places.filter(() => random.chance(0.7)).map((at) => [at, random.whole(1, 3)]))
    ])
  )
  const strategy = random.pick(["priority", "nearest"] as const)
  return { strategy, split: random.chance(0.6), locations, ...(strategy === "nearest" ? { costs } : {}) }
}

/** Channels that are not among these sell from everywhere. */
export const inventedPolicies = (random: Random): ReadonlyMap<string, AllocationPolicy> =>
  new Map(channels.filter(() => random.chance(0.6)).map((channel) => [channel, policyOf(random)]))
