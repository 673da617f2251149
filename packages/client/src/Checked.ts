/** What callers hand in, checked by the schemas of the domain. */
import { fieldErrorsOf } from "@holdfast/domain/EventManifest"
import { Result, Schema } from "effect"
import { InvalidInput } from "./ClientError.ts"

/** The value as the schema understands it. Throws `InvalidInput`. @param name of the value in its errors */
export const checked = <T, E>(name: string, schema: Schema.Codec<T, E>, value: unknown): T => {
  const decoded = Schema.decodeUnknownResult(schema, { errors: "all" })(value)
  if (Result.isFailure(decoded)) throw new InvalidInput(fieldErrorsOf(name, decoded.failure))
  return decoded.success
}
