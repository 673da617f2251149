/**
 * Pseudo-random numbers from a seed (mulberry32): the same seed gives the same sequence on every machine.
 * For tests and generated load; it is not fit for secrets.
 */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** at least 0, below 1 */
  unit(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** whole number from `min` to `max`, both included */
  whole(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1))
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<A>(items: ReadonlyArray<A>): A {
    return items[Math.floor(this.unit() * items.length)]!
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as Array<[K, number]>
    let left = this.unit() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) if ((left -= weight) < 0) return key
    return entries.at(-1)![0]
  }

  shuffled<A>(items: ReadonlyArray<A>): Array<A> {
    const all = [...items]
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.whole(0, i)
      const other = all[j]!
      all[j] = all[i]!
      all[i] = other
    }
    return all
  }
}
