/**
 * From which locations each channel's orders are served.
 *
 * Without it every order line that names no location is committed at the default location. What was decided stays where it is when
 * the policies of a later moment differ. `following`: a change of a channel counts within a second, and while the ledger does not
 * answer the policies stay as they were.
 */
import { allocationPolicyOf, type AllocationPolicy } from "@holdfast/domain/AllocationPolicy"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { AllocationPolicies } from "@holdfast/domain/OrderRules"
import { currentChannels, currentRevisions } from "@holdfast/ledger/ChannelDefinitions"
import { Database, query } from "@holdfast/ledger/Database"
import { Context, Effect, Layer } from "effect"
import { followSourcesMillis } from "./EngineLimit.ts"

type Sources = ReadonlyArray<Pick<ChannelDefinition, "id" | "locations" | "allocation">>

const policiesOf = (channels: Sources): ReadonlyMap<string, AllocationPolicy | undefined> =>
  new Map(channels.map((channel) => [channel.id as string, allocationPolicyOf(channel)]))

export class ChannelSources extends Context.Reference<AllocationPolicies>("@holdfast/engine/ChannelSources", {
  defaultValue: () => () => undefined
}) {
  /** These, and from now on whatever the ledger says that channels are. */
  static readonly following = (channels: Sources): Layer.Layer<never, never, Database> =>
    Layer.effect(
      ChannelSources,
      Effect.gen(function* () {
        let policies = policiesOf(channels)
        yield* Effect.forkScoped(follow((now) => void (policies = policiesOf(now))))
        return (channel) => (channel === undefined ? undefined : policies.get(channel))
      })
    )
}

/** For ever. @param learned told of all channels whenever one of them changed */
const follow = (learned: (channels: Sources) => void) =>
  Effect.gen(function* () {
    const { sql } = yield* Database
    let newest = 0
    const look = Effect.gen(function* () {
      const last = Math.max(0, ...(yield* query(() => currentRevisions(sql))).values())
      if (last === newest) return
      learned((yield* query(() => currentChannels(sql))).map(({ definition }) => definition))
      newest = last
    })
    while (true) {
      yield* look.pipe(Effect.catch((error) => Effect.logWarning(`channels are not looked up: ${error.message}`)))
      yield* Effect.sleep(followSourcesMillis)
    }
  })
