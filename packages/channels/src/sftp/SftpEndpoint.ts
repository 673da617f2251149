/**
 * How the server of a channel is reached, by its definition: `sftp://host:port`, with what is in `sftp`.
 *
 * Guarantee: no credentials and no path in the address; a private key that cannot be read is said at once, and never printed.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { SftpSettings } from "@holdfast/domain/SftpSettings"
import { Effect, Redacted } from "effect"
import ssh2 from "ssh2"
import { ConnectorError } from "../ConnectorError.ts"
import { isPrivateKey, type SftpAddress } from "./SftpSession.ts"

export interface SftpChannel {
  readonly address: SftpAddress
  readonly settings: SftpSettings
}

/** @param secret the user's password, or a private key without a passphrase */
export const sftpChannelOf = (
  { id: channel, endpoint, sftp, timeoutMillis }: ChannelDefinition,
  secret: Redacted.Redacted
): Effect.Effect<SftpChannel, ConnectorError> =>
  Effect.suspend(() => {
    const refuse = (field: ConnectorError["field"], detail: string) =>
      Effect.fail(new ConnectorError({ channel, field, detail }))
    const url = URL.parse(endpoint)
    if (url === null || url.protocol !== "sftp:" || url.hostname === "")
      return refuse("endpoint", "must be sftp://host:port")
    if (url.username !== "" || url.password !== "")
      return refuse("endpoint", "must not hold credentials: the user is sftp.user, the secret is named in secretEnv")
    if (!["", "/"].includes(url.pathname)) return refuse("endpoint", "must have no path: directories are named in sftp")
    if (sftp === undefined)
      return refuse("sftp", "is required: it names the user, the server's keys and the directories")
    const text = Redacted.value(secret)
    if (text === "") return refuse("secretEnv", "must name a variable that holds a password or a private key")
    if (isPrivateKey(text) && ssh2.utils.parseKey(text) instanceof Error)
      return refuse(
        "secretEnv",
        "names a variable that holds a private key which cannot be read: it must have no passphrase"
      )
    const host = url.hostname.replace(/^\[|\]$/g, "")
    const { user, hostKeys } = sftp
    const address = { host, port: url.port === "" ? 22 : Number(url.port), user, hostKeys, secret, timeoutMillis }
    return Effect.succeed({ address, settings: sftp })
  })
