/** A connector's target, put to the conformance suite. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { checksOf, type ConformanceTarget } from "../src/testing/ConnectorConformance.ts"

/** To be called inside a `describe`. */
export const conforms = (target: ConformanceTarget): void => {
  for (const { title, check } of checksOf(target)) it.live(title, () => check)

  it.live("is what it is put to the suite as", () =>
    Effect.gen(function* () {
      const { connector, skus } = yield* target.make(1_000)
      assert.strictEqual(connector.descriptor.kind, target.name)
      assert.strictEqual(connector.descriptor.batchMax > 1, target.hasBatches)
      assert.strictEqual(connector.readBack !== undefined, target.hasReadBack)
      assert.isAtLeast(skus.length, 3)
    })
  )
}
