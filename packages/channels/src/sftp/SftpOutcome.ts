/**
 * What a failure over SFTP says about a file that was to be left there.
 *
 * Guarantee: until it is renamed the other side sees no file, so whatever goes wrong before is certainly not applied. Once the rename was
 * asked for, only the server's own word is certain.
 */
import type { PushOutcome } from "../ChannelConnector.ts"
import type { SftpError } from "./SftpSession.ts"

/** Statuses of SFTP version 3. */
const noSuchFile = 2
const permissionDenied = 3
const failure = 4
const badMessage = 5
const unsupported = 8

const transient = (detail: string): PushOutcome => ({
  _tag: "notApplied",
  because: "transient",
  retryAfterMillis: undefined,
  detail
})

/** @param directory that people are told of */
const outcomeOfStatus = (status: number, detail: string, directory: string, isAsked: boolean): PushOutcome => {
  switch (status) {
    case noSuchFile:
    case permissionDenied:
    case unsupported:
      return { _tag: "blocked", detail: `${directory} does not take files: ${detail}` }
    case failure:
    case badMessage:
      return transient(detail)
  }
  return isAsked ? { _tag: "unknown", detail } : transient(detail)
}

/** @param isAsked the rename was, so the file may be there */
export const outcomeOfSftpError = (
  { reason, status = 0, detail }: SftpError,
  directory: string,
  isAsked: boolean
): PushOutcome => {
  switch (reason) {
    case "refused":
      return { _tag: "blocked", detail }
    case "answered":
      return outcomeOfStatus(status, detail, directory, isAsked)
    case "unreachable":
    case "lost":
      return isAsked ? { _tag: "unknown", detail } : transient(detail)
  }
}

export const outcomeOfTimeout = (timeoutMillis: number, isAsked: boolean): PushOutcome => {
  const detail = `no answer within ${timeoutMillis} ms`
  return isAsked ? { _tag: "unknown", detail } : transient(detail)
}
