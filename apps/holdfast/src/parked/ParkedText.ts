/**
 * Parked messages as text for a terminal.
 *
 * Guarantee: what a publisher wrote cannot move the cursor, change colours or hide lines: control characters are shown, not
 * printed.
 */
import type { ParkedMessage, ParkedSummary } from "@holdfast/ledger/Parked"
import { cut, oneLine, timeText, visible } from "../terminal/TerminalText.ts"

/** Columns of the table; what does not fit is cut with an ellipsis and can be read with `show`. */
const widths = { reason: 20, event: 44, detail: 72 }

/** Bytes of a payload that is not text which are shown. */
const hexBytesMax = 1_024

const stateOf = ({ replayedAt, discardedAt }: ParkedSummary): string =>
  discardedAt !== null
    ? `discarded ${timeText(discardedAt)}`
    : replayedAt !== null
      ? `replayed ${timeText(replayedAt)}`
      : "waiting"

const eventOf = ({ source, eventId, sku, subject }: ParkedSummary): string =>
  [source === null && eventId === null ? subject : `${source ?? "?"} ${eventId ?? "?"}`, sku]
    .filter((part) => part !== null)
    .join(" ")

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const columns = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(columns[i]!))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

/** A table, oldest first. */
export const listText = (rows: ReadonlyArray<ParkedSummary>): string => {
  if (rows.length === 0) return "nothing is parked"
  return table([
    ["ID", "STORED", "STATE", "REASON", "EVENT", "DETAIL"],
    ...rows.map((row) => [
      String(row.id),
      timeText(row.storedAt),
      stateOf(row),
      cut(row.reason, widths.reason),
      cut(oneLine(eventOf(row)), widths.event),
      cut(oneLine(row.detail), widths.detail)
    ])
  ])
}

/** Everything about one message. */
export const showText = (message: ParkedMessage): string => {
  const { id, stream, sequence, subject, reason, detail, traceparent, storedAt, parkedAt, bytes } = message
  const facts = table([
    ["id", String(id)],
    ["state", stateOf(message)],
    ["reason", reason],
    ["detail", oneLine(detail)],
    ["event", oneLine(eventOf(message))],
    ["message", `${stream} ${sequence} ${oneLine(subject)}`],
    ["stored", timeText(storedAt)],
    ["parked", timeText(parkedAt)],
    ["trace", traceparent ?? "none"]
  ])
  const headers = Object.entries(message.headers).map(([name, value]) => `  ${oneLine(name)}: ${oneLine(value)}`)
  const headerText = headers.length === 0 ? "no headers" : ["headers", ...headers].join("\n")
  return [facts, headerText, `payload, ${bytes} bytes`, payloadText(message.payload)].join("\n\n")
}

const payloadText = (payload: Uint8Array): string => {
  try {
    return visible(new TextDecoder("utf-8", { fatal: true }).decode(payload))
  } catch {
    const shown =
      Buffer.from(payload.subarray(0, hexBytesMax))
        .toString("hex")
        .match(/.{1,64}/g) ?? []
    const rest = payload.length > hexBytesMax ? [`and ${payload.length - hexBytesMax} bytes more`] : []
    return ["not UTF-8; in hexadecimal:", ...shown, ...rest].join("\n")
  }
}

/** One message as JSON, its bytes in base64. */
export const showJson = ({ payload, ...message }: ParkedMessage): string =>
  JSON.stringify({ ...message, payloadBase64: Buffer.from(payload).toString("base64") }, undefined, 2)
