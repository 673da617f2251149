/** What both documents share: who speaks, and the schemas that they refer to. */
import { idBytesMax, payloadBytesMax } from "@holdfast/domain/Limit"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Json } from "./PayloadSchema.ts"

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../../../package.json"), "utf8")) as {
  readonly version: string
  readonly license: string
}

export const info = (title: string, description: string): Json => ({
  title,
  version: manifest.version,
  description,
  license: { name: manifest.license }
})

export const schemaRef = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })

/** What holds for every event and request, in words. */
export const rules = [
  `Ids are 1 to ${idBytesMax} bytes of UTF-8 without control characters, compared byte by byte.`,
  "Quantities are whole units, durations are milliseconds, times are RFC 3339 text unless a field says otherwise.",
  `An event has at most ${payloadBytesMax} bytes. Unknown fields are ignored; a key that comes twice is refused.`,
  "An event is a fact: it is stored, then applied exactly once per source and id, or parked where it can be seen and corrected."
].join(" ")
