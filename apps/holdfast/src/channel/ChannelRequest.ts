/** What the routes of channels share: the channel's id, bodies that name what is wrong with them, answers. */
import { ChannelId, Note } from "@holdfast/domain/Identity"
import { fieldErrorsOf } from "@holdfast/domain/EventManifest"
import { ByteSize, Effect, Result, Schema } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { requestBytesMax } from "./ChannelLimit.ts"

/** Who changes something, and why. */
export const Author = { by: Note, reason: Schema.optionalKey(Note) }

export const answer = (body: unknown, status = 200) => HttpServerResponse.jsonUnsafe(body, { status })

export const refuse = (status: number, field: string, message: string) =>
  answer({ errors: [{ field, message }] }, status)

export const idOf = Effect.map(HttpRouter.params, ({ id }) => ChannelId.make(id ?? ""))

/** The body, or the answer that says what is wrong with it. */
export const bodyOf = <S extends Schema.Codec<unknown, unknown>>(schema: S) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const limit = ByteSize.bytes(requestBytesMax)
    const read = yield* Effect.result(Effect.provideService(request.text, HttpIncomingMessage.MaxBodySize, limit))
    if (Result.isFailure(read))
      return Result.fail(refuse(413, "body", `must be at most ${requestBytesMax} bytes, and end`))
    const decoded = Schema.decodeUnknownResult(Schema.fromJsonString(schema), {
      errors: "all",
      onExcessProperty: "error"
    })(read.success)
    return Result.mapError(decoded, (error) => answer({ errors: fieldErrorsOf("body", error) }, 422))
  })
