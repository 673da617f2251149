/** What a call to Holdfast throws. Everything else is an answer, and never thrown. */
import type { FieldError } from "@holdfast/domain/EventManifest"

export type { FieldError } from "@holdfast/domain/EventManifest"

const described = (errors: ReadonlyArray<FieldError>): string =>
  errors.map(({ field, message }) => `${field}: ${message}`).join("; ")

/** What was to be sent is wrong: nothing was done, and the same again will fail again. `errors` name the fields. */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput"
  readonly errors: ReadonlyArray<FieldError>

  constructor(errors: ReadonlyArray<FieldError>) {
    super(described(errors))
    this.errors = errors
  }
}

/**
 * The broker did not confirm an event before the deadline: it may be stored or not. Publishing it again under the same id
 * is safe, at any time within the next days. `cause` is what the last attempt met.
 */
export class NotConfirmed extends Error {
  override readonly name = "NotConfirmed"
  /** the id under which it is to be published again */
  readonly eventId: string

  constructor(eventId: string, cause: unknown) {
    super(`the broker did not confirm event ${JSON.stringify(eventId)}: publish it again under the same id`, { cause })
    this.eventId = eventId
  }
}

/** The client was closed. */
export class ClientClosed extends Error {
  override readonly name = "ClientClosed"

  constructor() {
    super("this client is closed")
  }
}
