/**
 * A map that mostly has no entry, or one, and then costs next to nothing: hundreds of thousands of SKUs are in memory, few
 * have a hold, and an order's line comes and goes. Keys must not be undefined.
 */
export class SparseMap<K, V> {
  private key: K | undefined
  private value: V | undefined
  /** once there were two entries at a time, until there is none */
  private entries: Map<K, V> | undefined

  get size(): number {
    return this.entries?.size ?? (this.key === undefined ? 0 : 1)
  }

  get(key: K): V | undefined {
    if (this.entries !== undefined) return this.entries.get(key)
    return this.key === key ? this.value : undefined
  }

  has(key: K): boolean {
    return this.entries === undefined ? this.key === key : this.entries.has(key)
  }

  set(key: K, value: V): void {
    if (this.entries === undefined && this.key !== undefined && this.key !== key) {
      this.entries = new Map([[this.key, this.value as V]])
      this.key = this.value = undefined
    }
    if (this.entries !== undefined) this.entries.set(key, value)
    else {
      this.key = key
      this.value = value
    }
  }

  values(): Iterable<V> {
    if (this.entries !== undefined) return this.entries.values()
    return this.key === undefined ? [] : [this.value as V]
  }

  delete(key: K): void {
    if (this.entries !== undefined) {
      this.entries.delete(key)
      if (this.entries.size === 0) this.entries = undefined
    } else if (this.key === key) this.key = this.value = undefined
  }
}
