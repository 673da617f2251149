/**
 * A binary min-heap whose items know their place in it, so that one can be moved or removed without a search.
 *
 * Guarantee: every operation is O(log n); an item is in at most one heap at a time. Equal keys come in no order.
 */

export interface HeapItem {
  /** orders the heap; change it only through `put` */
  heapKey: number
  /** place in the heap, -1 outside */
  heapIndex: number
}

export class IndexedHeap<Item extends HeapItem> {
  private readonly items: Array<Item> = []

  get size(): number {
    return this.items.length
  }

  peek(): Item | undefined {
    return this.items[0]
  }

  /** In no order. */
  values(): ReadonlyArray<Item> {
    return this.items
  }

  has(item: Item): boolean {
    return item.heapIndex >= 0 && this.items[item.heapIndex] === item
  }

  /** Adds the item, or moves it to where its new key belongs. */
  put(item: Item, key: number): void {
    if (!this.has(item)) {
      item.heapKey = key
      item.heapIndex = this.items.length
      this.items.push(item)
      this.rise(item)
      return
    }
    const before = item.heapKey
    item.heapKey = key
    if (key < before) this.rise(item)
    else if (key > before) this.sink(item)
  }

  remove(item: Item): void {
    if (!this.has(item)) return
    const last = this.items.pop()!
    if (last !== item) {
      this.place(last, item.heapIndex)
      this.rise(last)
      this.sink(last)
    }
    item.heapIndex = -1
  }

  pop(): Item | undefined {
    const first = this.items[0]
    if (first !== undefined) this.remove(first)
    return first
  }

  private place(item: Item, index: number): void {
    this.items[index] = item
    item.heapIndex = index
  }

  private rise(item: Item): void {
    let index = item.heapIndex
    while (index > 0) {
      const parent = this.items[(index - 1) >> 1]!
      if (parent.heapKey <= item.heapKey) break
      this.place(parent, index)
      index = (index - 1) >> 1
    }
    this.place(item, index)
  }

  private sink(item: Item): void {
    let index = item.heapIndex
    for (;;) {
      const left = this.items[2 * index + 1]
      if (left === undefined) break
      const right = this.items[2 * index + 2]
      const least = right !== undefined && right.heapKey < left.heapKey ? right : left
      if (least.heapKey >= item.heapKey) break
      const next = least.heapIndex
      this.place(least, index)
      index = next
    }
    this.place(item, index)
  }
}
