import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ListingStore } from "../src/ListingStore.ts"
import { listingStoreContract } from "../src/testing/ListingStoreContract.ts"

describe("ListingStore in memory", () => {
  for (const { title, check } of listingStoreContract) {
    it.effect(title, () => Effect.provide(check, ListingStore.memory))
  }
})
