/**
 * Reads a file that an operator names, as it is or gzipped.
 *
 * Guarantee: a file that is too large, or cannot be read, fails with what to do about it.
 */
import { Effect, Schema } from "effect"
import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import { chunkBytes, fileBytesMax } from "./CatalogueLimit.ts"

export class FileUnreadable extends Schema.TaggedError<FileUnreadable>()("FileUnreadable", {
  path: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.path} cannot be read: ${this.detail}`
  }
}

/** Its bytes; rejects with what the file system threw. */
export const fileChunks = async function* (path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: chunkBytes })
  let bytes = 0
  for await (const chunk of path.endsWith(".gz") ? file.pipe(createGunzip()) : file) {
    bytes += (chunk as Buffer).length
    if (bytes > fileBytesMax) throw new Error(`it has more than ${fileBytesMax} bytes; cut it into several files`)
    yield chunk as Buffer
  }
}

/** Bytes that are in memory already, in pieces of a size that delays nobody. */
export const bytesInChunks = function* (bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += chunkBytes) yield bytes.subarray(from, from + chunkBytes)
}

/** The whole file as text. */
export const fileText = async (path: string): Promise<string> =>
  new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(await Array.fromAsync(fileChunks(path))))

export const readingFile = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, FileUnreadable> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new FileUnreadable({ path, detail: cause instanceof Error ? cause.message : String(cause) })
  })
