/**
 * The ids of the latest messages of a partition, in two generations.
 *
 * Guarantee: remembers at least the last `max` ids and at most twice as many. What is older is the database's to know.
 */
export class RecentIds<V> {
  private young = new Map<string, V>()
  private old = new Map<string, V>()
  private readonly max: number

  constructor(max: number) {
    this.max = max
  }

  get(id: string): V | undefined {
    return this.young.get(id) ?? this.old.get(id)
  }

  set(id: string, value: V): void {
    this.young.set(id, value)
    if (this.young.size < this.max) return
    this.old = this.young
    this.young = new Map()
  }
}
