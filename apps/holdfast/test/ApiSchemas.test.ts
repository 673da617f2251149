/**
 * The JSON Schemas of the documents against the decoders and types that they speak for: both accept and refuse the same at every
 * limit, and what is answered has the fields that the apps write. That what is written is documented: `ApiDocuments.test.ts`.
 */
import type { AnnouncedLevel, Availability } from "@holdfast/domain/Availability"
import type { CatalogueChange, LineProblem } from "@holdfast/domain/Catalogue"
import { EventManifest } from "@holdfast/domain/EventManifest"
import {
  historyRowsMax,
  holdTtlMillisMax,
  holdTtlMillisMin,
  idBytesMax,
  lineQuantityMax,
  linesMax,
  noteBytesMax,
  reserveLinesMax
} from "@holdfast/domain/Limit"
import type { OversoldNotice } from "@holdfast/domain/Oversold"
import {
  requestSchemas,
  type AvailabilityAnswer,
  type NoAnswer,
  type ReservationAnswer
} from "@holdfast/domain/Reservation"
import { ReserveLinesRequest, type GroupAnswer } from "@holdfast/domain/ReservationGroup"
import type { HistoryAnswer } from "@holdfast/domain/StockHistory"
import type { EmitterReport } from "@holdfast/domain/SourceRegistry"
import type { OfferAnswer } from "@holdfast/ingest/EventDoor"
import type { CatalogueRow } from "@holdfast/ledger/Catalogue"
import type { ParkedSummary } from "@holdfast/ledger/Parked"
import { Result, Schema } from "effect"
import { describe, expect, expectTypeOf, it } from "vitest"
import type * as Answers from "../api/generator/AnswerSchema.ts"
import type * as Catalogue from "../api/generator/CataloguePaths.ts"
import { eventCatalog } from "../api/generator/EventCatalog.ts"
import { payloadSchema } from "../api/generator/PayloadSchema.ts"
import { validatorOf } from "./ApiDocument.ts"

describe("the schemas agree with the decoders", () => {
  type Case = readonly [what: string, value: unknown, isValid: boolean]
  const word = (bytes: number) => "x".repeat(bytes)
  const lines = (count: number) => Array.from({ length: count }, () => ({ sku: "A", quantity: 1 }))
  const whole = (field: string, min: number, max: number): ReadonlyArray<Case> =>
    (
      [
        [min - 1, false],
        [min, true],
        [max, true],
        [max + 1, false],
        [min + 0.5, false],
        ["1", false],
        [null, false]
      ] as const
    ).map(([value, isValid]) => [`${field} ${value}`, value, isValid])
  const named = (bytesMax: number): ReadonlyArray<Case> => [
    ["empty", "", false],
    ["longest", word(bytesMax), true],
    ["too long", word(bytesMax + 1), false],
    ["a control character", "a\u0000b", false],
    ["a letter that takes three bytes", "茶/2.5 €", true]
  ]
  const agree = (
    schema: Schema.Top,
    cases: ReadonlyArray<Case>,
    inside: (value: unknown) => unknown,
    json = payloadSchema(schema)
  ) => {
    const decode = Schema.decodeUnknownResult(schema as unknown as Schema.Codec<unknown>)
    const validate = validatorOf({}, json)
    for (const [what, value, isValid] of cases) {
      const body = inside(value)
      expect(Result.isSuccess(decode(body)), `decoder, ${what}`).toBe(isValid)
      expect(validate(body).length === 0, `schema, ${what}`).toBe(isValid)
    }
  }
  const {
    "order.placed": placed,
    "order.changed": changed,
    "stock.adjusted": adjusted,
    "count.cycle": counted
  } = EventManifest

  it("on quantities", () => {
    agree(placed, whole("quantity", 1, lineQuantityMax), (quantity) => ({
      orderId: "1",
      lines: [{ sku: "A", quantity }]
    }))
    agree(changed, whole("quantity", 0, lineQuantityMax), (quantity) => ({
      orderId: "1",
      lines: [{ sku: "A", quantity }]
    }))
    const deltas = [...whole("delta", -lineQuantityMax, lineQuantityMax), ["delta 0", 0, false] as const]
    agree(adjusted, deltas, (delta) => ({ reason: "r", lines: [{ sku: "A", delta }] }))
  })

  it("on names and notes", () => {
    agree(placed, named(idBytesMax), (sku) => ({ orderId: "1", lines: [{ sku, quantity: 1 }] }))
    agree(placed, named(idBytesMax), (orderId) => ({ orderId, lines: lines(1) }))
    agree(adjusted, named(noteBytesMax), (reason) => ({ reason, lines: [{ sku: "A", delta: 1 }] }))
  })

  it("on lines", () => {
    const some = (max: number): ReadonlyArray<Case> => [
      ["none", [], false],
      ["as many as there may be", lines(max), true],
      ["one too many", lines(max + 1), false]
    ]
    const counts: ReadonlyArray<Case> = [...some(linesMax), ["left out", undefined, false]]
    const { data } = eventCatalog.find(({ type }) => type === "order.placed")!
    const inside = (wanted: unknown) => ({ orderId: "1", ...(wanted === undefined ? {} : { lines: wanted }) })
    agree(placed, counts, inside, data)
    agree(EventManifest["order.cancelled"], [["left out", undefined, true]], () => ({ orderId: "1" }))
    agree(ReserveLinesRequest, some(reserveLinesMax), (wanted) => ({ key: "k", lines: wanted }))
  })

  it("on times", () => {
    const times: ReadonlyArray<Case> = [
      ["with an offset", "2026-11-27T09:30:00.125+01:00", true],
      ["without a zone", "2026-11-27T09:30:00", false],
      ["words", "yesterday", false],
      ["milliseconds", 1_795_768_200_000, true],
      ["before 1970", -1, false]
    ]
    agree(counted, times, (countedAt) => ({ countedAt, lines: lines(1) }))
  })

  it("on how long a hold lives", () => {
    agree(requestSchemas.reserve, whole("ttlMillis", holdTtlMillisMin, holdTtlMillisMax), (ttlMillis) => ({
      key: "k",
      sku: "A",
      quantity: 1,
      ttlMillis
    }))
  })

  it("on how much of a history", () => {
    agree(requestSchemas.history, whole("newest", 1, historyRowsMax), (newest) => ({ sku: "A", newest }))
  })

  it("on the types of what is answered", () => {
    type Answer<N extends Answers.AnswerName> = (typeof Answers.answers)[N]["Type"]
    type Offer = (typeof Answers.offers)[keyof typeof Answers.offers]["Type"]
    type Mutual<A, B> = [A, B] extends [B, A] ? true : false
    type Undecided = "Busy" | "Unknown" | "Invalid" | "KeyReused"
    type Group = Extract<Answers.AnswerName, `Group${string}`>
    type Decided = Answer<Exclude<Answers.AnswerName, Undecided | Group>>
    expectTypeOf<Mutual<Decided, ReservationAnswer | AvailabilityAnswer | HistoryAnswer>>().toEqualTypeOf<true>()
    expectTypeOf<Mutual<Answer<Group>, GroupAnswer>>().toEqualTypeOf<true>()
    expectTypeOf<Mutual<Answer<Undecided>, NoAnswer>>().toEqualTypeOf<true>()
    expectTypeOf<Mutual<Offer, OfferAnswer>>().toEqualTypeOf<true>()
    expectTypeOf<Mutual<typeof Answers.Parked.Type, ParkedSummary>>().toEqualTypeOf<true>()
    // what is undefined there is absent in JSON
    expectTypeOf<CatalogueChange>().toExtend<typeof Catalogue.Change.Type>()
    expectTypeOf<Mutual<typeof Catalogue.Row.Type, CatalogueRow>>().toEqualTypeOf<true>()
    expectTypeOf<Mutual<typeof Catalogue.Problem.Type, LineProblem>>().toEqualTypeOf<true>()
    expectTypeOf<Mutual<typeof Catalogue.Emitter.Type, EmitterReport>>().toEqualTypeOf<true>()
    type OversoldData = Omit<OversoldNotice, "version" | "committedAt" | "traceparent">
    expectTypeOf<Mutual<typeof Answers.Oversold.Type, OversoldData>>().toEqualTypeOf<true>()
    expectTypeOf<Mutual<typeof Answers.Level.Type, AnnouncedLevel>>().toEqualTypeOf<true>()
    type WithoutEvents<A> = Omit<A, "events">
    expectTypeOf<
      Mutual<WithoutEvents<typeof Answers.Announcement.Type>, WithoutEvents<Availability>>
    >().toEqualTypeOf<true>()
  })
})
