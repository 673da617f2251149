/** What can go wrong with NATS, with the reason inside. */
import { Schema } from "effect"

export class BusError extends Schema.TaggedError<BusError>()("BusError", {
  reason: Schema.Literals(["unreachable", "stream_refused", "publish_failed", "consume_failed", "position_moved"]),
  /** the subject, stream or server it was about */
  detail: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const cause = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `NATS ${this.reason} (${this.detail}): ${cause}`
  }
}
