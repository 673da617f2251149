/** Asks the running instance what waits for a channel's window. */
import type { ListingView } from "@holdfast/channels/ChannelSnapshot"
import { Effect } from "effect"
import { askInstance } from "./ChannelInstance.ts"

export const waitingListings = (channel: string) =>
  Effect.map(
    askInstance(`${encodeURIComponent(channel)}/differences`, "what waits is not known"),
    (answer) => (answer as { readonly listings: ReadonlyArray<ListingView> }).listings
  )
