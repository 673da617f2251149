import { describe, it } from "@effect/vitest"
import { budgetLeasesContract } from "@holdfast/channels/testing/BudgetLeasesContract"
import { TestServers } from "@holdfast/infra/testing/TestServers"
import { Database } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { Effect, Layer } from "effect"
import * as BudgetLedger from "../src/BudgetLedger.ts"

const store = Layer.unwrap(
  Effect.gen(function* () {
    const { databaseUrl } = yield* TestServers
    yield* migrate(databaseUrl)
    return BudgetLedger.layer.pipe(Layer.provide(Database.layer(databaseUrl)))
  })
).pipe(Layer.provide(TestServers.layer))

describe("BudgetLeases over PostgreSQL", () => {
  it.layer(store, { timeout: 60_000, excludeTestServices: true })((test) => {
    for (const { title, check } of budgetLeasesContract) test.effect(title, () => check)
  })
})
