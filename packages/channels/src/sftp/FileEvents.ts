/**
 * What a file says becomes events here, or is named with its file and its place.
 *
 * Guarantee: nothing is lost: what is no event is told as one of type `file.line`, which the front door parks with these bytes. Ids are made of the
 * file's content, so that the same file read again is the same events.
 */
import { decodeEvent } from "@holdfast/domain/EventManifest"
import { Result } from "effect"
import { createHash } from "node:crypto"
import { fileLineCharsMax } from "../ChannelLimit.ts"
import type { ToldEvent } from "../inbound/InboundCall.ts"

/** The type of what cannot be read; no event of ours has it. */
const unreadableType = "file.line"

export interface FileContent {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Sixteen digits that stand for the content. */
export const contentDigest = ({ bytes }: FileContent): string =>
  createHash("sha256").update(bytes).digest("hex").slice(0, 16)

/** What is wrong with an event, field by field; undefined: nothing. */
export const objectionTo = (event: ToldEvent, channel: string): string | undefined => {
  const decoded = decodeEvent({ source: channel, time: undefined, ...event }, 0)
  return Result.isSuccess(decoded)
    ? undefined
    : decoded.failure.map(({ field, message }) => `${field}: ${message}`).join("; ")
}

/** A name that people know again, in an id. */
const shown = (name: string): string => (/^[\x20-\x7e]{1,80}$/.test(name) ? name : "file")

/** @param place such as `line 7` or `segment 12` */
export const unreadable = (file: FileContent, place: string, text: string, detail: string): ToldEvent => ({
  id: `${shown(file.name)}:${place}:${contentDigest(file)}`,
  type: unreadableType,
  data: { file: file.name, place, text: text.slice(0, fileLineCharsMax), detail }
})
