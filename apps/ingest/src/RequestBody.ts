/** Bodies of requests as bytes, no more of them than an event may have. */
import { payloadBytesMax } from "@holdfast/domain/Limit"
import { ByteSize, Effect, Result } from "effect"
import { HttpIncomingMessage, type HttpServerRequest, type HttpServerResponse } from "effect/http"
import { refuse } from "./Refusal.ts"

/**
 * The whole body, or the answer to one that is beyond `payloadBytesMax` or broke off.
 * @param field how the answer names the body
 */
export const bodyBytes = (
  request: HttpServerRequest.HttpServerRequest,
  field: string
): Effect.Effect<Result.Result<Uint8Array, HttpServerResponse.HttpServerResponse>> =>
  Effect.gen(function* () {
    const tooLarge = () => Result.fail(refuse(413, [{ field, message: `must be at most ${payloadBytesMax} bytes` }]))
    if (Number(request.headers["content-length"] ?? 0) > payloadBytesMax) return tooLarge()
    const body = yield* Effect.result(
      Effect.provideService(request.arrayBuffer, HttpIncomingMessage.MaxBodySize, ByteSize.bytes(payloadBytesMax))
    )
    if (Result.isSuccess(body)) return Result.succeed(new Uint8Array(body.success))
    const { reason } = body.failure
    if ("reason" in reason && reason.reason === "BodyTooLarge") return tooLarge()
    return Result.fail(refuse(400, [{ field, message: "could not be read to its end" }]))
  })
