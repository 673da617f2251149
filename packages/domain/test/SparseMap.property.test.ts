import { expect, it } from "vitest"
import { SparseMap } from "../src/SparseMap.ts"
import { Random } from "../src/testing/Random.ts"

it("is a map, whatever is done to it in whatever order", () => {
  const random = new Random(1)
  const sparse = new SparseMap<string, number>()
  const map = new Map<string, number>()
  for (let step = 0; step < 20_000; step++) {
    const key = `k${random.whole(0, step % 100 < 50 ? 1 : 4)}`
    if (random.chance(0.5)) {
      sparse.set(key, step)
      map.set(key, step)
    } else {
      sparse.delete(key)
      map.delete(key)
    }
    expect(sparse.size).toBe(map.size)
    for (let i = 0; i <= 4; i++) {
      expect(sparse.get(`k${i}`)).toBe(map.get(`k${i}`))
      expect(sparse.has(`k${i}`)).toBe(map.has(`k${i}`))
    }
  }
})
