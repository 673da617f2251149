/**
 * An SFTP server on loopback that fails on demand: real SSH, files in memory.
 *
 * Guarantee: a rename, and a question about one file, meets the fault that was asked for, once; all else is done as version 3 says: a
 * rename onto a file that is there is refused. It stands for the channel and for the proxy before it: `requests` are those.
 */
import { Effect, type Scope } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { createServer, type AddressInfo, type Socket } from "node:net"
import ssh2 from "ssh2"
import type { AuthContext, ParsedKey } from "ssh2"
import type { Fault, FaultyProxy } from "../FaultyProxy.ts"
import { fingerprintOf } from "../../sftp/SftpSession.ts"
import { serveFiles, type StoredFile } from "./SftpFileSystem.ts"

const { STATUS_CODE } = ssh2.utils.sftp

export interface SftpServer extends FaultyProxy {
  readonly hostKey: string
  readonly files: Map<string, StoredFile>
  /** Puts a file there. @param changedAt ms since the epoch */
  readonly put: (path: string, text: string, changedAt?: number) => void
  readonly user: string
  /** logins are refused that name another */
  password: string
  /** in PEM: logins with this private key are let in */
  readonly userKey: string
  /** connections that were let in so far */
  readonly logins: () => number
  /** connections that are open */
  readonly connections: () => number
  /** Ends all connections. */
  readonly hangUp: () => void
  /** The next part of a file that is written ends its connection. */
  readonly failsWriting: () => void
}

const privateKey = (): string =>
  generateKeyPairSync("ec", {
    namedCurve: "prime256v1",
    privateKeyEncoding: { type: "sec1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" }
  }).privateKey

const parsed = (pem: string): ParsedKey => {
  const key = ssh2.utils.parseKey(pem)
  if (key instanceof Error) throw key
  return key
}

const isUser = (context: AuthContext, { user, password, userKey }: SftpServer): boolean => {
  if (context.username !== user) return false
  if (context.method === "password") return context.password === password
  if (context.method !== "publickey") return false
  const key = parsed(userKey)
  if (!key.getPublicSSH().equals(context.key.data)) return false
  return context.signature === undefined || key.verify(context.blob!, context.signature, context.hashAlgo) === true
}

/** @param onFile called when a file has got its name */
export const makeSftpServer = (
  directories: ReadonlyArray<string>,
  onFile: (path: string, bytes: Buffer) => void = () => {}
): Effect.Effect<SftpServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const hostKey = privateKey()
    const files = new Map<string, StoredFile>()
    const faults: Array<Fault> = []
    const sockets = new Set<Socket>()
    let requests = 0
    let logins = 0
    let isFailing = false

    const move = (from: string, to: string): number => {
      const file = files.get(from)
      if (file === undefined) return STATUS_CODE.NO_SUCH_FILE
      if (files.has(to)) return STATUS_CODE.FAILURE
      files.delete(from)
      files.set(to, { ...file, changedAt: Date.now() })
      onFile(to, file.bytes)
      return STATUS_CODE.OK
    }
    /** @param act what the request asks for. @returns whether it met no fault, and is to be answered */
    const meet = (socket: Socket, act: () => void, answer: (status: number, message?: string) => void): boolean => {
      requests += 1
      const fault = faults.shift()
      switch (fault?._tag) {
        case undefined:
        case "passes":
          return true
        case "status":
          answer(fault.status, fault.body)
          return false
        case "lost":
          act()
          socket.resetAndDestroy()
          return false
        case "silent":
          return false
        case "bytes":
          socket.end(fault.bytes)
          return false
      }
    }

    const listener = createServer((socket) => {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy())
      const ssh = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
        client.on("error", () => socket.destroy())
        client.on("authentication", (context) => (isUser(context, server) ? context.accept() : context.reject()))
        client.on("ready", () => void (logins += 1))
        client.on("session", (accept) => {
          accept().on("sftp", (take) => {
            serveFiles(take(), {
              directories: new Set(directories),
              files,
              now: Date.now,
              isStored: () => {
                if (!isFailing) return true
                isFailing = false
                socket.resetAndDestroy()
                return false
              },
              isTold: (answer) => meet(socket, () => {}, answer),
              rename: (from, to, answer) => {
                if (meet(socket, () => void move(from, to), answer)) answer(move(from, to))
              }
            })
          })
        })
      })
      ssh.injectSocket(socket)
    })
    const hangUp = () => sockets.forEach((socket) => void socket.destroy())
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.promise(() => {
          hangUp()
          return new Promise<void>((resolve) => listener.close(() => resolve()))
        })
    )
    const server: SftpServer = {
      url: `sftp://127.0.0.1:${(listener.address() as AddressInfo).port}`,
      hostKey: fingerprintOf(parsed(hostKey).getPublicSSH()),
      files,
      put: (path, text, changedAt = Date.now()) => void files.set(path, { bytes: Buffer.from(text), changedAt }),
      user: "holdfast",
      password: "a password of the tests",
      userKey: privateKey(),
      meets: (fault) => void faults.push(fault),
      requests: () => requests,
      logins: () => logins,
      connections: () => sockets.size,
      hangUp,
      failsWriting: () => void (isFailing = true)
    }
    return server
  })
