/**
 * From which locations each channel's orders are served, as the engine is told when it is composed.
 *
 * Without it every order line that names no location is committed at the default location. What was decided stays where it is when
 * the policies of a later start differ.
 */
import { allocationPolicyOf } from "@holdfast/domain/AllocationPolicy"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { AllocationPolicies } from "@holdfast/domain/OrderRules"
import { Context, Layer } from "effect"

export class ChannelSources extends Context.Reference<AllocationPolicies>("@holdfast/engine/ChannelSources", {
  defaultValue: () => () => undefined
}) {
  static readonly layer = (channels: ReadonlyArray<Pick<ChannelDefinition, "id" | "locations" | "allocation">>) => {
    const policies = new Map(channels.map((channel) => [channel.id as string, allocationPolicyOf(channel)]))
    return Layer.succeed(ChannelSources, (channel) => (channel === undefined ? undefined : policies.get(channel)))
  }
}
