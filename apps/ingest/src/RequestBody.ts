/** Bodies of requests as bytes, no more of them than an event may have. */
import { payloadBytesMax } from "@holdfast/domain/Limit"
import { ByteSize, Effect, Result } from "effect"
import { HttpIncomingMessage, type HttpServerRequest } from "effect/http"

export type BodyRefusal = "tooLarge" | "unread"

/** The whole body; `tooLarge` beyond `payloadBytesMax`, `unread` when it broke off. */
export const bodyBytes = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<Result.Result<Uint8Array, BodyRefusal>> =>
  Effect.gen(function* () {
    if (Number(request.headers["content-length"] ?? 0) > payloadBytesMax) return Result.fail("tooLarge" as const)
    const body = yield* Effect.result(
      Effect.provideService(request.arrayBuffer, HttpIncomingMessage.MaxBodySize, ByteSize.bytes(payloadBytesMax))
    )
    if (Result.isSuccess(body)) return Result.succeed(new Uint8Array(body.success))
    const { reason } = body.failure
    return Result.fail("reason" in reason && reason.reason === "BodyTooLarge" ? "tooLarge" : "unread")
  })
