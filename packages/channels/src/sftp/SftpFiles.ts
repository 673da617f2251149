/**
 * What is done to files over an SFTP session: leave one whole, read one, see which there are.
 *
 * Guarantee: a file under its name is always whole: it is written under another one that begins with a dot, and renamed. A file larger than
 * `sftpFileBytesMax` is not read. Nothing of the other side is deleted.
 */
import { Effect } from "effect"
import type { FileEntryWithStats, SFTPWrapper, Stats } from "ssh2"
import { sftpFileBytesMax } from "../ChannelLimit.ts"
import { SftpError, type SftpSession } from "./SftpSession.ts"

export const pathIn = (directory: string, name: string): string => `${directory.replace(/\/+$/, "")}/${name}`

/** The name under which a file is written. */
const partOf = (name: string): string => `.${name}.part`

type Answer = (error: Error | null | undefined, value: void) => void

/** Over a file of the same name, where that is allowed: servers that keep to version 3 refuse it, so it is removed before. */
const rename = (sftp: SFTPWrapper, from: string, to: string, answer: Answer): void => {
  try {
    sftp.ext_openssh_rename(from, to, (error) => answer(error, undefined))
  } catch {
    // the server has no such extension: nothing was sent
    sftp.unlink(to, () => sftp.rename(from, to, (error) => answer(error, undefined)))
  }
}

/** @param onAsked called before the rename is sent */
export const leaveFile = (
  session: SftpSession,
  directory: string,
  name: string,
  text: string,
  onAsked: () => void
): Effect.Effect<void, SftpError> => {
  const part = pathIn(directory, partOf(name))
  return session
    .call<void>((sftp, answer) => sftp.writeFile(part, Buffer.from(text), (error) => answer(error, undefined)))
    .pipe(
      Effect.andThen(
        session.call<void>((sftp, answer) => {
          onAsked()
          rename(sftp, part, pathIn(directory, name), answer)
        })
      )
    )
}

export interface SeenFile {
  readonly name: string
  readonly bytes: number
  /** ms since the epoch, by the server's clock */
  readonly changedAt: number
}

const isDirectory = (mode: number): boolean => (mode & 0o170000) === 0o040000

/** Files of a directory, by name. */
export const filesIn = (session: SftpSession, directory: string): Effect.Effect<ReadonlyArray<SeenFile>, SftpError> =>
  Effect.map(
    session.call<Array<FileEntryWithStats>>((sftp, answer) => sftp.readdir(directory, answer)),
    (entries) =>
      entries
        .filter(({ attrs }) => !isDirectory(attrs.mode ?? 0))
        .map(({ filename, attrs }) => ({ name: filename, bytes: attrs.size, changedAt: attrs.mtime * 1000 }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  )

export const readFile = (session: SftpSession, path: string): Effect.Effect<Uint8Array, SftpError> =>
  Effect.gen(function* () {
    const { size } = yield* session.call<Stats>((sftp, answer) => sftp.stat(path, answer))
    if (size > sftpFileBytesMax)
      return yield* new SftpError({
        reason: "answered",
        detail: `${path} has ${size} bytes, and at most ${sftpFileBytesMax} are read`
      })
    return yield* session.call<Buffer>((sftp, answer) => sftp.readFile(path, answer))
  })
