/** Every request with what a reader wants to know of it, and every answer that may be heard. */
import { requestSchemas, type RequestVerb } from "@holdfast/domain/Reservation"
import { ReserveLinesRequest } from "@holdfast/domain/ReservationGroup"
import type { Schema } from "effect"
import { answers, type AnswerName } from "./AnswerSchema.ts"
import { payloadSchema, type Json } from "./PayloadSchema.ts"

export interface CataloguedRequest {
  readonly verb: RequestVerb
  /** name of its schema */
  readonly name: string
  readonly schema: Schema.Top
  readonly summary: string
  /** what it hears when it is done */
  readonly done: ReadonlyArray<AnswerName>
  readonly example: Json
}

const hold = { reservationId: "r16-4406cf46a329e0ec8480b2aa" }

/** A verb may be asked in two ways. */
export const requests: ReadonlyArray<CataloguedRequest> = [
  {
    verb: "reserve",
    name: "Reserve",
    schema: requestSchemas.reserve,
    summary: "A time-limited claim on units of one SKU: a hold.",
    done: ["Granted"],
    example: { key: "cart-42", sku: "MUG", quantity: 3, ttlMillis: 600_000 }
  },
  {
    verb: "reserve",
    name: "ReserveLines",
    schema: ReserveLinesRequest,
    summary: "A time-limited claim on units of several SKUs: all or nothing, or what there is of each.",
    done: ["GroupGranted"],
    example: {
      key: "cart-43",
      lines: [
        { sku: "MUG", quantity: 2 },
        { sku: "PLATE", quantity: 1 }
      ],
      partial: false
    }
  },
  {
    verb: "confirm",
    name: "Confirm",
    schema: requestSchemas.confirm,
    summary: "Turns held units into committed units of an order: all, or of a single hold as many as are named.",
    done: ["Confirmed", "GroupConfirmed"],
    example: { key: "cart-42-buy", ...hold, orderId: "4711" }
  },
  {
    verb: "release",
    name: "Release",
    schema: requestSchemas.release,
    summary: "Gives a hold back.",
    done: ["Released", "GroupReleased"],
    example: { key: "cart-42-drop", ...hold }
  },
  {
    verb: "extend",
    name: "Extend",
    schema: requestSchemas.extend,
    summary: "Lets a hold live longer.",
    done: ["Extended", "GroupExtended"],
    example: { key: "cart-42-more", ...hold, ttlMillis: 600_000 }
  },
  {
    verb: "pin",
    name: "Pin",
    schema: requestSchemas.pin,
    summary: "Lets a hold live until it is unpinned, confirmed or released.",
    done: ["Pinned", "GroupPinned"],
    example: { key: "cart-42-check", ...hold }
  },
  {
    verb: "unpin",
    name: "Unpin",
    schema: requestSchemas.unpin,
    summary: "Lets a pinned hold end by itself again.",
    done: ["Unpinned", "GroupUnpinned"],
    example: { key: "cart-42-checked", ...hold, ttlMillis: 600_000 }
  },
  {
    verb: "availability",
    name: "AskAvailability",
    schema: requestSchemas.availability,
    summary: "What there is of a SKU, from the one who decides about it. It changes nothing.",
    done: ["Available"],
    example: { sku: "MUG" }
  },
  {
    verb: "history",
    name: "AskHistory",
    schema: requestSchemas.history,
    summary: "What happened to a SKU: the newest rows of its ledger. It changes nothing.",
    done: ["History"],
    example: { sku: "MUG", newest: 20 }
  }
]

export const verbs: ReadonlyArray<RequestVerb> = [...new Set(requests.map(({ verb }) => verb))]

export const requestsOf = (verb: RequestVerb): ReadonlyArray<CataloguedRequest> =>
  requests.filter((request) => request.verb === verb)

export interface CataloguedAnswer {
  readonly description: string
  readonly example: Json
}

const held = { ...hold, sku: "MUG", quantity: 3 }
const later = 1_795_768_800_000
const group = { reservationId: "g4406cf46a329e0ec8480b2aa5d1f90c3" }
const lines = [
  { sku: "MUG", locationId: "main", requested: 2, quantity: 2, reservationId: "r16-0c6a5e7d41b2f3a890de1122" },
  { sku: "PLATE", locationId: "main", requested: 1, quantity: 1, reservationId: "r41-9b8e7d6c5a4f3e2d1c0b3344" }
]

export const answerCatalog: Readonly<Record<AnswerName, CataloguedAnswer>> = {
  Granted: {
    description: "The units are held until `expiresAt`. Durable before it is heard.",
    example: { status: "granted", ...held, version: 2, expiresAt: later }
  },
  Confirmed: {
    description: "The units are committed to the order; what is `left` is still held.",
    example: { status: "confirmed", ...held, version: 3 }
  },
  Released: {
    description: "The hold ended: its units can be promised again.",
    example: { status: "released", ...held, version: 3 }
  },
  Extended: {
    description: "The hold lives until `expiresAt`.",
    example: { status: "extended", ...held, version: 3, expiresAt: later }
  },
  Pinned: {
    description: "The hold does not end by itself.",
    example: { status: "pinned", ...held, version: 3 }
  },
  Unpinned: {
    description: "The hold ends by itself at `expiresAt`.",
    example: { status: "unpinned", ...held, version: 4, expiresAt: later }
  },
  Available: {
    description: "What there is, by the one who decides about it.",
    example: {
      status: "available",
      sku: "MUG",
      version: 4,
      available: 7,
      locations: [{ locationId: "main", onHand: 10, committed: 0, held: 3, available: 7 }]
    }
  },
  History: {
    description: "The newest rows, newest last, and how many there are of those that were asked for.",
    example: {
      status: "history",
      sku: "MUG",
      version: 4,
      available: 7,
      locations: [{ locationId: "main", onHand: 10, committed: 0, held: 3, available: 7 }],
      matching: 4,
      rows: [
        {
          version: 4,
          kind: "reservation.granted",
          locationId: "main",
          occurredAt: later - 600_000,
          committedAt: later - 600_000,
          source: "request",
          id: "cart-42",
          channel: null,
          documentId: null,
          reservationId: hold.reservationId,
          expiresAt: later,
          countedAt: null,
          reason: null,
          by: null,
          reference: null,
          deltas: { held: 3 },
          seenByCount: null,
          before: { onHand: 10, committed: 0, held: 0, available: 10 },
          after: { onHand: 10, committed: 0, held: 3, available: 7 }
        }
      ]
    }
  },
  GroupGranted: {
    description: "The units of all lines are held until `expiresAt`; a line without `reservationId` got none.",
    example: { status: "granted", ...group, expiresAt: later, lines }
  },
  GroupConfirmed: {
    description: "The units of all lines are committed to the order.",
    example: { status: "confirmed", ...group, orderId: "4711", lines }
  },
  GroupReleased: {
    description: "All holds ended: their units can be promised again.",
    example: { status: "released", ...group, lines }
  },
  GroupExtended: {
    description: "All holds live until `expiresAt`.",
    example: { status: "extended", ...group, expiresAt: later }
  },
  GroupPinned: { description: "None of the holds ends by itself.", example: { status: "pinned", ...group } },
  GroupUnpinned: {
    description: "All holds end by themselves at `expiresAt`.",
    example: { status: "unpinned", ...group, expiresAt: later }
  },
  GroupDenied: {
    description: "Decided, and final for this key: nothing is held. `lines` are those that could not be granted.",
    example: {
      status: "denied",
      reason: "insufficient_stock",
      lines: [{ sku: "MUG", locationId: "main", requested: 2, reason: "insufficient_stock", available: 1 }]
    }
  },
  Denied: {
    description: "Decided, and final for this key. `available` says how many units there were, where that matters.",
    example: { status: "denied", reason: "insufficient_stock", sku: "MUG", version: 2, available: 2 }
  },
  Busy: {
    description: "Nothing was done: ask again, with the same key, after `retryAfterMillis`.",
    example: { status: "busy", retryAfterMillis: 100 }
  },
  Unknown: {
    description: "It may have been done: ask again with the same key. No answer at all means the same.",
    example: { status: "unknown", message: "it is not known whether the commit happened: ask again with the same key" }
  },
  Invalid: {
    description: "Not understood: `errors` name the fields.",
    example: {
      status: "invalid",
      errors: [{ field: "body.quantity", message: "must be a whole number from 1 to 1000000, got 0" }]
    }
  },
  KeyReused: {
    description: "The key belongs to another request.",
    example: { status: "key_reused", message: "this idempotency key was used for another request" }
  }
}

export const answerNames = Object.keys(answers) as ReadonlyArray<AnswerName>

/** What a verb may hear. */
export const heardBy = (verb: RequestVerb): ReadonlyArray<AnswerName> => {
  const done = requestsOf(verb).flatMap((request) => request.done)
  if (verb === "availability" || verb === "history") return [...done, "Denied", "Busy", "Unknown", "Invalid"]
  return [...done, "Denied", "GroupDenied", "Busy", "Unknown", "Invalid", "KeyReused"]
}

export const requestSchemaOf = ({ schema }: CataloguedRequest): Json => payloadSchema(schema)
