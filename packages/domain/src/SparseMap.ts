/**
 * A map that is nearly always empty, and then costs next to nothing: hundreds of thousands of SKUs are in memory, few have
 * a hold.
 */
export class SparseMap<K, V> {
  private entries: Map<K, V> | undefined

  get size(): number {
    return this.entries?.size ?? 0
  }

  get(key: K): V | undefined {
    return this.entries?.get(key)
  }

  has(key: K): boolean {
    return this.entries?.has(key) === true
  }

  set(key: K, value: V): void {
    this.entries ??= new Map()
    this.entries.set(key, value)
  }

  delete(key: K): void {
    if (this.entries?.delete(key) === true && this.entries.size === 0) this.entries = undefined
  }

  values(): Iterable<V> {
    return this.entries?.values() ?? []
  }
}
