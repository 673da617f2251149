/** The answer to a request that is refused: its status, and the fields that are wrong. */
import type { FieldError } from "@holdfast/domain/EventManifest"
import { HttpServerResponse } from "effect/http"

export const refuse = (status: number, errors: ReadonlyArray<FieldError>, headers: Record<string, string> = {}) =>
  HttpServerResponse.jsonUnsafe({ errors }, { status, headers })
