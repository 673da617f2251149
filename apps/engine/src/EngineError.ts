/** What can go wrong in the engine, with the reason inside. */
import { Schema } from "effect"

export class EngineError extends Schema.TaggedError<EngineError>()("EngineError", {
  reason: Schema.Literals(["stream_missing", "partition_lost", "taken_over", "not_ready"]),
  detail: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return this.detail
  }
}
