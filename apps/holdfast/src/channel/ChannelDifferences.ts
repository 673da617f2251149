/** Asks the running instance how channels do, and what waits for one. */
import type { ChannelSnapshot, ListingView } from "@holdfast/channels/ChannelSnapshot"
import { Effect } from "effect"
import { askInstance } from "./ChannelInstance.ts"

export const waitingListings = (channel: string) =>
  Effect.map(
    askInstance(`/${encodeURIComponent(channel)}/differences`, "what waits is not known"),
    (answer) => (answer as { readonly listings: ReadonlyArray<ListingView> }).listings
  )

/** How each channel does in the running instance, by its id; empty when none answers. */
export const channelsNow = askInstance("", "how channels do is not known").pipe(
  Effect.map((answer) => {
    const { channels } = answer as {
      readonly channels: ReadonlyArray<{
        readonly definition: { readonly id: string }
        readonly now: ChannelSnapshot | null
      }>
    }
    return new Map(channels.map(({ definition, now }) => [definition.id, now ?? undefined]))
  }),
  Effect.orElseSucceed(() => new Map<string, ChannelSnapshot | undefined>())
)
