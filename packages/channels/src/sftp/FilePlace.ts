/**
 * How far files were heard, as the text of a cursor: `<name>` when all of that file was, `<name>/<n>` after n of its events.
 *
 * Guarantee: what is written is read back; no name of a file has a slash.
 */
import type { OrderCursor } from "../inbound/OrderPoll.ts"

export class FilePlace {
  /** empty: no file was heard */
  readonly name: string
  /** events of the file that were told; undefined: all of them */
  readonly told: number | undefined

  constructor(name: string, told: number | undefined) {
    this.name = name
    this.told = told
  }

  static of(cursor: OrderCursor | undefined): FilePlace {
    const [name = "", told] = (cursor ?? "").split("/")
    return new FilePlace(name, told === undefined ? undefined : Number(told))
  }

  get done(): FilePlace {
    return new FilePlace(this.name, undefined)
  }

  get cursor(): OrderCursor {
    return this.told === undefined ? this.name : `${this.name}/${this.told}`
  }
}
