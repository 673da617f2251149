/** Why a connector cannot be made: the channel's definition says something impossible. Names the field; holds no secret. */
import { Schema } from "effect"

export class ConnectorError extends Schema.TaggedError<ConnectorError>()("ConnectorError", {
  channel: Schema.String,
  /** field of the channel's definition */
  field: Schema.Literals(["endpoint", "secretEnv", "shopify", "vendure", "sftp", "amazon"]),
  detail: Schema.String
}) {
  override get message(): string {
    return `channel ${this.channel}: ${this.field} ${this.detail}`
  }
}
