import type { Ownership } from "@holdfast/ledger/PartitionOwner"
import { describe, expect, it } from "vitest"
import { batchMax, inboxMax } from "../src/EngineLimit.ts"
import { StockPartition } from "../src/StockPartition.ts"

const partitionOf = () => {
  const owned: Ownership = { partition: 3, epoch: 1, appliedSeq: 0, commitNo: 0, announcedNo: 0 }
  const options = { cautious: 0, condemned: undefined, wake: () => {}, onLoss: () => {} }
  return new StockPartition(owned, "created", options)
}

const fill = (partition: StockPartition) => {
  for (let i = 1; i < inboxMax; i++) expect(partition.push([{ kind: "expire", sku: "A" }])).toBeUndefined()
}

describe("a partition without room", () => {
  it("tells everyone who waits for room, not only the last", async () => {
    const partition = partitionOf()
    fill(partition)
    const consumer = partition.push([{ kind: "expire", sku: "A" }])
    const sweeper = partition.push([{ kind: "expire", sku: "B" }])
    expect([consumer, sweeper].every((waits) => waits instanceof Promise)).toBe(true)
    partition.take(batchMax, [])
    await Promise.all([consumer, sweeper])
    expect(partition.waiting).toBe(0)
  })

  it("keeps nobody waiting once it is lost", async () => {
    const partition = partitionOf()
    fill(partition)
    const consumer = partition.push([{ kind: "expire", sku: "A" }])
    expect(partition.lose({ reason: "released" })).toHaveLength(inboxMax)
    await consumer
    expect(partition.push([{ kind: "expire", sku: "A" }])).toBeUndefined()
  })
})
