/** Reads channel definitions from a JSON file: an array of `ChannelDefinition`. Errors name the file and the field. */
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { Effect, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { OutboundError } from "./OutboundError.ts"

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Array(ChannelDefinition)), {
  errors: "all",
  onExcessProperty: "error"
})

export const readChannelFile = (path: string): Effect.Effect<ReadonlyArray<ChannelDefinition>, OutboundError> =>
  Effect.tryPromise(() => readFile(path, "utf8")).pipe(
    Effect.mapError((error) => String(error.cause)),
    Effect.flatMap((text) => Effect.mapError(decode(text), (error) => error.message)),
    Effect.mapError((detail) => new OutboundError({ reason: "definitions_unreadable", detail: `${path}: ${detail}` }))
  )
