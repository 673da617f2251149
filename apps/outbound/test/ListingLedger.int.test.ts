import { describe, it } from "@effect/vitest"
import { listingStoreContract } from "@holdfast/channels/testing/ListingStoreContract"
import { TestServers } from "@holdfast/infra/testing/TestServers"
import { Database } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { Effect, Layer } from "effect"
import * as ListingLedger from "../src/ListingLedger.ts"

const store = Layer.unwrap(
  Effect.gen(function* () {
    const { databaseUrl } = yield* TestServers
    yield* migrate(databaseUrl)
    return ListingLedger.layer.pipe(Layer.provide(Database.layer(databaseUrl)))
  })
).pipe(Layer.provide(TestServers.layer))

describe("ListingStore over PostgreSQL", () => {
  it.layer(store, { timeout: 60_000, excludeTestServices: true })((test) => {
    for (const { title, check } of listingStoreContract) test.effect(title, () => check)
  })
})
