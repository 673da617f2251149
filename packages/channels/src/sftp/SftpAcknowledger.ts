/**
 * Acknowledges files of X12 over SFTP, once all that they say is stored.
 *
 * Guarantee: a file is acknowledged before the next one is read; over a restart once more, with the same bytes under the same name. Not when it is gone
 * by then.
 */
import { Effect } from "effect"
import { acknowledgements, type LeftFile } from "./Acknowledgement997.ts"
import type { FileContent } from "./FileEvents.ts"
import { leaveFile, pathIn, readFile, type SeenFile } from "./SftpFiles.ts"
import type { SftpError, SftpSession } from "./SftpSession.ts"
import { readX12 } from "./X12Reader.ts"

export interface Acknowledger {
  /** A file was read. */
  readonly read: (file: FileContent) => void
  /** Everything in the file is stored. @param seen it, when it is still there */
  readonly stored: (name: string, seen: SeenFile | undefined) => Effect.Effect<void, SftpError>
}

export const noAcknowledger: Acknowledger = { read: () => {}, stored: () => Effect.void }

const answersTo = ({ bytes }: FileContent): ReadonlyArray<LeftFile> =>
  acknowledgements(readX12(Buffer.from(bytes).toString("utf8")))

/** @param directories where files come from, and where answers go */
export const makeAcknowledger = (
  session: SftpSession,
  directories: { readonly from: string; readonly to: string }
): Acknowledger => {
  let known: { readonly name: string; readonly answers: ReadonlyArray<LeftFile> } | undefined
  let done: string | undefined
  const read: Acknowledger["read"] = (file) => {
    known = { name: file.name, answers: answersTo(file) }
  }
  const stored = Effect.fnUntraced(function* (name: string, seen: SeenFile | undefined) {
    if (name === done) return
    if (known?.name !== name && seen !== undefined)
      read({ name, bytes: yield* readFile(session, pathIn(directories.from, name)) })
    const answers = known?.name === name ? known.answers : []
    for (const answer of answers) yield* leaveFile(session, directories.to, answer.name, answer.text, () => {})
    done = name
    known = undefined
  })
  return { read, stored }
}
