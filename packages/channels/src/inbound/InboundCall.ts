/**
 * What a channel tells us by calling us, and how one of its calls is read.
 *
 * Guarantee: a reader does no I/O, looks at the clock at most for the age of a signature, and at nothing before the signature over the raw bytes is right. An event's id is made of signed
 * content only, so that the same call read again is the same event. A reader does not judge what it says: the front door does.
 */
export interface InboundCall {
  /** names in lower case */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** as it came: signatures are over bytes */
  readonly body: Uint8Array
}

/** An event as the channel tells it: it need not be one that the front door understands. */
export interface ToldEvent {
  readonly id: string
  readonly type: string
  /** RFC 3339; absent: when the broker stores it */
  readonly time?: string
  readonly data: unknown
}

export type InboundReading =
  /** not signed by the channel, or too long ago */
  | { readonly _tag: "forged"; readonly detail: string }
  /** signed, and not about stock */
  | { readonly _tag: "irrelevant"; readonly detail: string }
  /** signed, and not what the channel documents */
  | { readonly _tag: "unreadable"; readonly field: string; readonly detail: string }
  | { readonly _tag: "told"; readonly events: ReadonlyArray<ToldEvent> }

/**
 * @param channel whose ids prefix those of its orders, so that two shops may both have an order 1001
 * @param secret the one that both sides share
 */
export type InboundReader = (call: InboundCall, channel: string, secret: string) => InboundReading

export const forged = (detail: string): InboundReading => ({ _tag: "forged", detail })

export const irrelevant = (detail: string): InboundReading => ({ _tag: "irrelevant", detail })
