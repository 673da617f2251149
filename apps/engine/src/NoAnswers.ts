/** What is said instead of an answer, by every desk in the same words. */
import type { NoAnswer } from "@holdfast/domain/Reservation"
import { busyRetryMillis } from "./EngineLimit.ts"

export const noAnswer = (answer: NoAnswer): string => JSON.stringify(answer)

/** Nothing was done, and nothing will be: ask again later. */
export const busy = noAnswer({ status: "busy", retryAfterMillis: busyRetryMillis })
