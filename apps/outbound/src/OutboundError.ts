/** Why outbound cannot start, with the reason inside. Once it runs it does not fail: it waits, and says so. */
import { Schema } from "effect"

export class OutboundError extends Schema.TaggedError<OutboundError>()("OutboundError", {
  reason: Schema.Literals([
    "channel_invalid",
    "secret_missing",
    "listings_unreadable",
    "bundles_unreadable",
    "definitions_unwritable",
    "definitions_unreadable",
    "orders_unreadable"
  ]),
  /** for people: which channel, which field */
  detail: Schema.String
}) {
  override get message(): string {
    return `outbound cannot start: ${this.reason}: ${this.detail}`
  }
}
