/** The types of what is heard: each verb has its own answers, and all of them may be denied or undecided. */
import { describe, expectTypeOf, it } from "vitest"
import type { Answer } from "../src/ReservationCall.ts"

type Heard<A, S> = Extract<A, { readonly status: S }>

describe("an answer", () => {
  it("says what was done in the word of its verb", () => {
    type Undone = "denied" | "busy" | "unknown"
    expectTypeOf<Answer<"reserve">["status"]>().toEqualTypeOf<"granted" | Undone>()
    expectTypeOf<Answer<"reserveLines">["status"]>().toEqualTypeOf<"granted" | Undone>()
    expectTypeOf<Answer<"confirm">["status"]>().toEqualTypeOf<"confirmed" | Undone>()
    expectTypeOf<Answer<"release">["status"]>().toEqualTypeOf<"released" | Undone>()
    expectTypeOf<Answer<"pin">["status"]>().toEqualTypeOf<"pinned" | Undone>()
    expectTypeOf<Answer<"availability">["status"]>().toEqualTypeOf<"available" | Undone>()
    expectTypeOf<Answer<"history">["status"]>().toEqualTypeOf<"history" | Undone>()
  })

  it("has the fields of what was done", () => {
    expectTypeOf<Heard<Answer<"reserve">, "granted">["expiresAt"]>().toEqualTypeOf<number>()
    expectTypeOf<Heard<Answer<"reserve">, "denied">["available"]>().toEqualTypeOf<number | undefined>()
    expectTypeOf<Heard<Answer<"reserveLines">, "granted">["lines"]>().toExtend<
      ReadonlyArray<{ readonly sku: string }>
    >()
    expectTypeOf<Heard<Answer<"confirm">, "confirmed">["reservationId"]>().toExtend<string>()
    expectTypeOf<Heard<Answer<"availability">, "available">["available"]>().toEqualTypeOf<number>()
    expectTypeOf<Heard<Answer<"history">, "history">["rows"][number]["after"]["available"]>().toEqualTypeOf<number>()
  })
})
