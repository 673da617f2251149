/**
 * The numbers of the files that we leave: nine digits that rise, which name a file and are the control number of an interchange.
 *
 * Guarantee: of two files about one SKU the later one has the larger number, also after a restart: it is the second in which the file
 * was begun, or the next free one. The same push again has the same number, so its file is the same byte for byte, unless something
 * else was said of one of its SKUs in between. No I/O.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { createHash } from "node:crypto"
import type { PushItem } from "../ChannelConnector.ts"
import { fileNumbersAheadMax, filesRememberedMax } from "../ChannelLimit.ts"

/** Nine digits last from here to 2051. */
const epochSeconds = Date.UTC(2020, 0, 1) / 1000

/** The time that a number stands for, in ms since the epoch. */
export const timeOf = (number: number): number => (epochSeconds + number) * 1000

/** What is pushed, in twelve digits: keys differ whenever something else is told. */
const digestOf = (items: ReadonlyArray<PushItem>): string => {
  const hash = createHash("sha256")
  for (const { key, quantity } of items) hash.update(`${key}\u0000${quantity}\u0000`)
  return hash.digest("hex").slice(0, 12)
}

export interface FileName {
  readonly number: number
  readonly digest: string
}

interface Remembered extends FileName {
  readonly skus: ReadonlySet<Sku>
}

export class FileNumbers {
  private last = 0
  /** the largest that was there before */
  private found = 0
  private askedAt = 0
  /** milliseconds that the clock was set back by */
  private setBack = 0
  private remembered: ReadonlyArray<Remembered> = []

  /** A file of that number is there already. */
  seen(number: number): void {
    this.found = Math.max(this.found, number)
  }

  /** The clock, without the times it was set back. */
  private steady(now: number): number {
    this.setBack += Math.max(0, this.askedAt - now)
    this.askedAt = now
    return now + this.setBack
  }

  /** @param now ms since the epoch. @returns undefined: files are begun so fast that numbers would run ahead of the clock */
  of(items: ReadonlyArray<PushItem>, now: number): FileName | undefined {
    const digest = digestOf(items)
    const same = this.remembered.find((file) => file.digest === digest)
    if (same !== undefined) return same
    const least = Math.max(Math.floor(this.steady(now) / 1000) - epochSeconds, this.found + 1)
    const number = Math.max(this.last + 1, least)
    if (number > least + fileNumbersAheadMax) return undefined
    this.last = number
    const skus = new Set(items.map(({ sku }) => sku))
    const file = { number, digest, skus }
    const others = this.remembered.filter((other) => !items.some(({ sku }) => other.skus.has(sku)))
    this.remembered = [file, ...others].slice(0, filesRememberedMax)
    return file
  }
}
