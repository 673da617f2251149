/** The answer of a route whose database or broker does not answer: 503, to be sent again after a second. What failed is logged, not said. */
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"

/**
 * @param said what the log says that is not done
 * @param field what the caller asked of
 */
export const unavailable = (
  said: string,
  field: string,
  message: string,
  error: { readonly message: string }
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.as(
    Effect.logWarning(`${said}: ${error.message}`),
    HttpServerResponse.jsonUnsafe({ errors: [{ field, message }] }, { status: 503, headers: { "retry-after": "1" } })
  )
