/**
 * The secret of an Amazon seller's channel: one value that holds what Login with Amazon asks for.
 *
 *     {"clientId": "amzn1.application-oa2-client...", "clientSecret": "amzn1.oa2-cs...", "refreshToken": "Atzr|..."}
 *
 * Guarantee: what is refused is not repeated in the refusal.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Effect, Redacted, Schema } from "effect"
import { ConnectorError } from "../ConnectorError.ts"

const Part = Schema.String.check(Schema.isPattern(/^[\x21-\x7e]+$/))

const Credentials = Schema.fromJsonString(Schema.Struct({ clientId: Part, clientSecret: Part, refreshToken: Part }))
export type AmazonCredentials = typeof Credentials.Type

const decode = Schema.decodeUnknownOption(Credentials)

const detail =
  'must name a variable that holds {"clientId": ..., "clientSecret": ..., "refreshToken": ...}: JSON of texts without spaces'

export const amazonCredentialsOf = (
  { id: channel }: Pick<ChannelDefinition, "id">,
  secret: Redacted.Redacted
): Effect.Effect<Redacted.Redacted<AmazonCredentials>, ConnectorError> => {
  const read = decode(Redacted.value(secret))
  return read._tag === "None"
    ? Effect.fail(new ConnectorError({ channel, field: "secretEnv", detail }))
    : Effect.succeed(Redacted.make(read.value))
}
