/** The files of one SFTP session, in memory: what the requests of version 3 do to them. Knows no directories but those that are named. */
import ssh2 from "ssh2"
import type { Attributes, SFTPWrapper } from "ssh2"

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp

export interface StoredFile {
  readonly bytes: Buffer
  /** ms since the epoch */
  readonly changedAt: number
}

type Answer = (status: number, message?: string) => void

export interface FileTree {
  readonly directories: ReadonlySet<string>
  readonly files: Map<string, StoredFile>
  /** ms since the epoch */
  readonly now: () => number
  /** Called when a rename was asked for, to do it and to answer. */
  readonly rename: (from: string, to: string, answer: Answer) => void
  /** Called when a part of a file came: whether it is to be stored and answered. */
  readonly isStored: () => boolean
  /** Called when somebody asked about a file: whether the usual answer is to be given. */
  readonly isTold: (answer: Answer) => boolean
}

type Handle = { readonly path: string; readonly isWritten: boolean } | { readonly listing: Array<string> }

const directoryOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")))

const attributesOf = ({ bytes, changedAt }: StoredFile): Attributes => {
  const seconds = Math.floor(changedAt / 1000)
  return { mode: 0o100644, uid: 0, gid: 0, size: bytes.length, atime: seconds, mtime: seconds }
}

/** Answers what a client asks over one session. */
export const serveFiles = (
  sftp: SFTPWrapper,
  { directories, files, now, rename, isStored, isTold }: FileTree
): void => {
  const handles = new Map<number, Handle>()
  let last = 0
  const status = (id: number, code: number, message?: string) => sftp.status(id, code, message)
  const give = (id: number, handle: Handle) => {
    last += 1
    handles.set(last, handle)
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(last)
    sftp.handle(id, bytes)
  }
  const of = (handle: Buffer) => handles.get(handle.readUInt32BE())
  const tell = (id: number, path: string) => {
    const file = files.get(path)
    return file === undefined ? status(id, STATUS_CODE.NO_SUCH_FILE) : sftp.attrs(id, attributesOf(file))
  }

  sftp.on("OPEN", (id, path, flags) => {
    if (!directories.has(directoryOf(path))) return status(id, STATUS_CODE.NO_SUCH_FILE)
    const isWritten = (flags & OPEN_MODE.WRITE) !== 0
    if (isWritten) files.set(path, { bytes: Buffer.alloc(0), changedAt: now() })
    return files.has(path) ? give(id, { path, isWritten }) : status(id, STATUS_CODE.NO_SUCH_FILE)
  })
  sftp.on("WRITE", (id, handle, offset, data) => {
    const open = of(handle)
    if (open === undefined || !("path" in open) || !open.isWritten) return status(id, STATUS_CODE.FAILURE)
    if (!isStored()) return
    const before = files.get(open.path)!.bytes
    const bytes = Buffer.alloc(Math.max(before.length, offset + data.length))
    before.copy(bytes)
    data.copy(bytes, offset)
    files.set(open.path, { bytes, changedAt: now() })
    return status(id, STATUS_CODE.OK)
  })
  sftp.on("READ", (id, handle, offset, length) => {
    const open = of(handle)
    const bytes = open !== undefined && "path" in open ? files.get(open.path)?.bytes : undefined
    if (bytes === undefined) return status(id, STATUS_CODE.FAILURE)
    if (offset >= bytes.length) return status(id, STATUS_CODE.EOF)
    return sftp.data(id, bytes.subarray(offset, offset + length))
  })
  sftp.on("FSTAT", (id, handle) => {
    const open = of(handle)
    return open !== undefined && "path" in open ? tell(id, open.path) : status(id, STATUS_CODE.FAILURE)
  })
  sftp.on("STAT", (id, path) => (isTold((code, message) => status(id, code, message)) ? tell(id, path) : undefined))
  sftp.on("LSTAT", tell)
  sftp.on("CLOSE", (id, handle) => {
    handles.delete(handle.readUInt32BE())
    status(id, STATUS_CODE.OK)
  })
  sftp.on("OPENDIR", (id, path) => {
    if (!directories.has(path)) return status(id, STATUS_CODE.NO_SUCH_FILE)
    return give(id, { listing: [...files.keys()].filter((file) => directoryOf(file) === path) })
  })
  sftp.on("READDIR", (id, handle) => {
    const open = of(handle)
    const paths = open !== undefined && "listing" in open ? open.listing.splice(0, 50) : []
    if (paths.length === 0) return status(id, STATUS_CODE.EOF)
    return sftp.name(
      id,
      paths.map((path) => {
        const filename = path.slice(path.lastIndexOf("/") + 1)
        return { filename, longname: `-rw-r--r-- 1 0 0 0 ${filename}`, attrs: attributesOf(files.get(path)!) }
      })
    )
  })
  sftp.on("REMOVE", (id, path) => status(id, files.delete(path) ? STATUS_CODE.OK : STATUS_CODE.NO_SUCH_FILE))
  sftp.on("RENAME", (id, from, to) => rename(from, to, (code, message) => status(id, code, message)))
}
