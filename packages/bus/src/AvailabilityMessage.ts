/** An announcement as it travels in the AVAILABILITY stream: plain JSON, written by the engine, read by everybody. */
import type { Availability } from "@holdfast/domain/Availability"

export const encodeAvailability = (availability: Availability): string => JSON.stringify(availability)

/** Throws `SyntaxError` when the payload is not JSON; the stream is written by the engine alone. */
export const decodeAvailability = (payload: string): Availability => JSON.parse(payload) as Availability
