/**
 * One SFTP connection to one server: opened when it is first needed, reused, opened anew after it ended, closed with the scope.
 *
 * Guarantee: nothing but the handshake is said to a server whose key is not one of those in the settings. A failure says whether the
 * server answered; a call that is interrupted ends the connection, so that no late answer is taken for another's. Nothing is
 * tried again.
 */
import { Effect, Redacted, Schema, type Scope, Semaphore } from "effect"
import { createHash } from "node:crypto"
import ssh2 from "ssh2"
import type { ConnectConfig, SFTPWrapper } from "ssh2"
import { sftpKeepAliveMillis, sftpKeepAlivesMax } from "../ChannelLimit.ts"

export class SftpError extends Schema.TaggedError<SftpError>()("SftpError", {
  /**
   * `unreachable`: no connection, nothing was asked. `refused`: it is another server, or it does not let us in. `answered`: the
   * server said no. `lost`: the connection ended before an answer.
   */
  reason: Schema.Literals(["unreachable", "refused", "answered", "lost"]),
  /** SFTP status, of `answered` */
  status: Schema.optionalKey(Schema.Number),
  detail: Schema.String
}) {
  override get message(): string {
    return this.detail
  }
}

export interface SftpAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  /** `SHA256:` and base64 */
  readonly hostKeys: ReadonlyArray<string>
  /** a private key in PEM or OpenSSH's form, else a password */
  readonly secret: Redacted.Redacted
  /** for opening the connection */
  readonly timeoutMillis: number
}

type Answer<A> = (error: Error | null | undefined, value: A) => void

/** One request over the open connection. */
export type SftpCall = <A>(request: (sftp: SFTPWrapper, answer: Answer<A>) => void) => Effect.Effect<A, SftpError>

export interface SftpSession {
  /** Opens the connection unless it is open. */
  readonly open: Effect.Effect<void, SftpError>
  readonly call: SftpCall
}

export const fingerprintOf = (key: Uint8Array): string =>
  `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`

export const isPrivateKey = (secret: string): boolean => secret.startsWith("-----BEGIN ")

/** An open connection. */
interface Opened {
  readonly sftp: SFTPWrapper
  /** what waits for an answer over it */
  readonly waiting: Set<(error: SftpError) => void>
  readonly end: (detail: string) => void
}

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const failureOf = (cause: unknown): SftpError => {
  const status = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  const detail = textOf(cause)
  return typeof status === "number"
    ? new SftpError({ reason: "answered", status, detail: `SFTP status ${status}: ${detail.slice(0, 200)}` })
    : new SftpError({ reason: "lost", detail })
}

const configOf = (address: SftpAddress, onForeign: (fingerprint: string) => void): ConnectConfig => {
  const { host, port, user, hostKeys, timeoutMillis } = address
  const secret = Redacted.value(address.secret)
  return {
    host,
    port,
    username: user,
    ...(isPrivateKey(secret) ? { privateKey: secret } : { password: secret }),
    readyTimeout: timeoutMillis,
    keepaliveInterval: sftpKeepAliveMillis,
    keepaliveCountMax: sftpKeepAlivesMax,
    hostVerifier: (key: Buffer) => {
      const fingerprint = fingerprintOf(key)
      const isKnown = hostKeys.includes(fingerprint)
      if (!isKnown) onForeign(fingerprint)
      return isKnown
    }
  }
}

const isRefusal = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "level" in cause && cause.level === "client-authentication"

/** Opens a connection. @param onEnd called once, when it is of no use any more */
const connect = (address: SftpAddress, onEnd: () => void): Effect.Effect<Opened, SftpError> =>
  Effect.callback((resume) => {
    const client = new ssh2.Client()
    const waiting: Opened["waiting"] = new Set()
    let foreign: string | undefined
    let state: "opening" | "open" | "ended" = "opening"

    const end = (reason: SftpError["reason"], detail: string) => {
      if (state === "ended") return
      state = "ended"
      onEnd()
      const error = new SftpError({ reason, detail })
      resume(Effect.fail(error))
      for (const fail of waiting) fail(error)
      waiting.clear()
      client.destroy()
    }
    const ended = (cause: unknown) => {
      if (state === "open") return end("lost", textOf(cause))
      if (foreign !== undefined) return end("refused", `the server has another key: ${foreign}`)
      return end(isRefusal(cause) ? "refused" : "unreachable", textOf(cause))
    }
    const closed = () => ended(new Error("the connection ended"))

    client.on("error", ended).on("close", closed)
    // requests are small, and each waits for the answer to the one before
    client.on("connect", () => void client.setNoDelay(true))
    client.on("ready", () =>
      client.sftp((error, sftp) => {
        if (error !== undefined && error !== null) return end("refused", `no SFTP: ${error.message}`)
        sftp.on("error", ended).on("close", closed)
        state = "open"
        resume(Effect.succeed({ sftp, waiting, end: (detail) => end("lost", detail) }))
      })
    )
    client.connect(configOf(address, (fingerprint) => void (foreign = fingerprint)))
    return Effect.sync(() => end("unreachable", "interrupted"))
  })

const ask = <A>(
  { sftp, waiting, end }: Opened,
  request: (sftp: SFTPWrapper, answer: Answer<A>) => void
): Effect.Effect<A, SftpError> =>
  Effect.callback((resume) => {
    const fail = (error: SftpError) => resume(Effect.fail(error))
    waiting.add(fail)
    try {
      request(sftp, (error, value) => {
        waiting.delete(fail)
        resume(error === null || error === undefined ? Effect.succeed(value) : Effect.fail(failureOf(error)))
      })
    } catch (cause) {
      waiting.delete(fail)
      fail(failureOf(cause))
    }
    return Effect.sync(() => end("a call was not answered in time"))
  })

export const makeSftpSession = (address: SftpAddress): Effect.Effect<SftpSession, never, Scope.Scope> =>
  Effect.gen(function* () {
    let opened: Opened | undefined
    yield* Effect.addFinalizer(() => Effect.sync(() => opened?.end("the session is closed")))
    const one = yield* Semaphore.make(1)
    const connected = one.withPermits(1)(
      Effect.suspend(() => {
        if (opened !== undefined) return Effect.succeed(opened)
        let hasEnded = false
        const onEnd = () => {
          hasEnded = true
          opened = undefined
        }
        return Effect.tap(connect(address, onEnd), (now) =>
          Effect.sync(() => void (opened = hasEnded ? undefined : now))
        )
      })
    )
    return {
      open: Effect.asVoid(connected),
      call: (request) => Effect.flatMap(connected, (now) => ask(now, request))
    }
  })
