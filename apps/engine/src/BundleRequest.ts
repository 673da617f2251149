/**
 * Requests about bundles: what they ask of components.
 *
 * Guarantee: a reservation of a bundle is one of its components, which are granted together or not at all; what else is asked for of
 * them in the same request is added to it. A SKU that was a bundle once is always reserved as several are, so that a repeated
 * request finds the answer that it got. What a bundle is made of is known a second late at most (`Bundles`). Pure.
 */
import { bundleVersion, buildable } from "@holdfast/domain/BundleAvailability"
import type { BundleBook, Component } from "@holdfast/domain/Bundle"
import type { FieldError } from "@holdfast/domain/EventManifest"
import type { Sku } from "@holdfast/domain/Identity"
import type { AvailabilityAnswer, ReserveRequest } from "@holdfast/domain/Reservation"
import type { ReserveLinesRequest } from "@holdfast/domain/ReservationGroup"
import { Result } from "effect"
import { reserveSkusMax } from "./EngineLimit.ts"

type Asked = ReserveRequest | ReserveLinesRequest

const fail = (field: string, message: string): Result.Result<never, ReadonlyArray<FieldError>> =>
  Result.fail([{ field, message }])

/** A request of one SKU is one of one line. */
const asLines = (request: Asked): ReserveLinesRequest => {
  if ("lines" in request) return request
  const { sku, quantity, locationId, ...rest } = request
  return { ...rest, lines: [locationId === undefined ? { sku, quantity } : { sku, quantity, locationId }] }
}

/** What the request asks of components; undefined when it names no bundle. */
export const asComponents = (
  request: Asked,
  book: BundleBook
): Result.Result<ReserveLinesRequest | undefined, ReadonlyArray<FieldError>> => {
  if (book.size === 0) return Result.succeed(undefined)
  const whole = asLines(request)
  const asked = whole.lines
  if (!asked.some(({ sku }) => book.wasBundle(sku))) return Result.succeed(undefined)
  const bundle = asked.find(({ sku }) => book.isBundle(sku))
  if (bundle !== undefined && whole.partial === true)
    return fail("body.partial", `must not be true with a bundle: ${bundle.sku} is held whole or not at all`)
  const lines = asked.flatMap((line) =>
    book.isBundle(line.sku)
      ? book.componentsOf(line.sku).map(({ sku, each }) => {
          const place = line.locationId === undefined ? {} : { locationId: line.locationId }
          return { sku, quantity: line.quantity * each, bundle: line.sku, ...place }
        })
      : [line]
  )
  if (lines.length > reserveSkusMax)
    return fail(
      "body.lines",
      `must come to at most ${reserveSkusMax} lines once bundles are their components, got ${lines.length}`
    )
  return Result.succeed({ ...whole, lines })
}

/** What a component's partition answered; undefined where nobody knows the SKU. */
export type ComponentAnswer = AvailabilityAnswer | undefined

/**
 * What there is of a bundle.
 * @param serial of its definition
 * @param made what it is made of
 * @param answers by component, in that order
 */
export const availabilityOfBundle = (
  bundle: Sku,
  serial: number,
  made: ReadonlyArray<Component>,
  answers: ReadonlyArray<ComponentAnswer>
): AvailabilityAnswer => {
  const levels = buildable(made.map(({ sku, each }, i) => ({ sku, each, levels: answers[i]?.locations ?? [] })))
  const versions = answers.map((answer) => answer?.version ?? 0)
  return {
    status: "available",
    sku: bundle,
    version: bundleVersion(serial, versions),
    available: levels.reduce((sum, { onHand }) => sum + onHand, 0),
    locations: levels.map((level) => ({ ...level, available: level.onHand })),
    components: made.map(({ sku, each }, i) => ({ sku, each, available: answers[i]?.available ?? 0 }))
  }
}
