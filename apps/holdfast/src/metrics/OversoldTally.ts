/**
 * Units that were oversold since the start of this process, by the channel of the order.
 *
 * Guarantee: bounded, since publishers choose the names of channels. Stock that is sold twice after a restart counts anew; what
 * is oversold now is told by `holdfast short`.
 */
import type { DecisionBatch } from "@holdfast/engine/DecisionBatch"
import { Context, Layer } from "effect"

/** Names of channels that are told apart; far more than anybody configures. */
const channelsMax = 1_000

const noChannel = ""

export class OversoldTally extends Context.Service<
  OversoldTally,
  {
    /** to be called once for every durable batch */
    readonly add: (batch: Pick<DecisionBatch, "oversold">) => void
    readonly units: ReadonlyMap<string, number>
  }
>()("@holdfast/holdfast/OversoldTally") {
  static readonly layer = Layer.sync(OversoldTally, () => {
    const units = new Map<string, number>()
    return {
      units,
      add: ({ oversold }) => {
        for (const { channel = noChannel, units: more } of oversold) {
          const key = units.has(channel) || units.size < channelsMax ? channel : noChannel
          units.set(key, (units.get(key) ?? 0) + more)
        }
      }
    }
  })
}
