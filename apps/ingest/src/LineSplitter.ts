/**
 * Cuts a stream of bytes into lines, for newline-delimited JSON.
 *
 * Guarantee: memory is bounded by one line of the greatest length; a longer one is reported with its length and skipped. Lines
 * of nothing but spaces are counted and left out. It does not know what a line means.
 */
import { payloadBytesMax } from "@holdfast/domain/Limit"

export interface Line {
  /** counts from 1 */
  readonly number: number
  /** without the line's end; undefined when the line is longer than `payloadBytesMax` */
  readonly bytes: Uint8Array | undefined
  /** bytes of the whole line */
  readonly length: number
}

const newline = 10

export class LineSplitter {
  private pieces: Array<Uint8Array> = []
  private length = 0
  private number = 1

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): ReadonlyArray<Line> {
    const lines: Array<Line> = []
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.keep(chunk.subarray(start, end))
      this.finish(lines)
      start = end + 1
    }
    this.keep(chunk.subarray(start))
    return lines
  }

  /** The last line, if it is not ended by a newline. */
  end(): ReadonlyArray<Line> {
    const lines: Array<Line> = []
    this.finish(lines)
    return lines
  }

  private keep(piece: Uint8Array): void {
    this.length += piece.length
    if (this.length > payloadBytesMax) this.pieces = []
    else if (piece.length > 0) this.pieces.push(piece)
  }

  private finish(lines: Array<Line>): void {
    const { length, number } = this
    const bytes = length > payloadBytesMax ? undefined : Buffer.concat(this.pieces)
    this.pieces = []
    this.length = 0
    this.number += 1
    if (bytes === undefined || bytes.some((byte) => byte !== 32 && byte !== 9 && byte !== 13))
      lines.push({ number, bytes, length })
  }
}
