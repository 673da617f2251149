/**
 * Which files have stopped growing, for systems that write under the final name.
 *
 * Guarantee: a file is whole when two looks so far apart saw the same size and time of change, by our clock: the server's may differ. What is not in
 * the directory any more is forgotten.
 */
import type { SeenFile } from "./SftpFiles.ts"

interface Look {
  readonly file: SeenFile
  /** ms since the epoch: since when it looks like this */
  readonly since: number
}

const isSame = (a: SeenFile, b: SeenFile): boolean => a.bytes === b.bytes && a.changedAt === b.changedAt

export class QuietFiles {
  private readonly quietMillis: number
  private looks: ReadonlyMap<string, Look> = new Map()

  /** @param quietMillis 0: every file is whole */
  constructor(quietMillis: number) {
    this.quietMillis = quietMillis
  }

  /** @param now ms since the epoch */
  look(files: ReadonlyArray<SeenFile>, now: number): void {
    if (this.quietMillis === 0) return
    this.looks = new Map(
      files.map((file) => {
        const before = this.looks.get(file.name)
        const isKnown = before !== undefined && isSame(before.file, file)
        return [file.name, isKnown ? before : { file, since: now }]
      })
    )
  }

  isWhole({ name }: SeenFile, now: number): boolean {
    if (this.quietMillis === 0) return true
    const look = this.looks.get(name)
    return look !== undefined && now - look.since >= this.quietMillis
  }
}
