/** Every connector, put to the conformance suite; that of Vendure is in `VendureConnector.int.test.ts`, against a real server. */
import { describe } from "@effect/vitest"
import { conforms } from "./ConformanceSuite.ts"
import { conformanceTargets } from "./ConformanceTargets.ts"

describe.each(conformanceTargets)("the $name connector", (target) => {
  conforms(target)
})
