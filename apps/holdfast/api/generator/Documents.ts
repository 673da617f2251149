/** The two documents as files. */
import { join } from "node:path"
import { asyncApi } from "./AsyncApi.ts"
import { openApi } from "./OpenApi.ts"
import type { Json } from "./PayloadSchema.ts"

export interface GeneratedDocument {
  readonly path: string
  readonly content: Json
  readonly text: string
}

const generated = (name: string, content: Json): GeneratedDocument => {
  const text = `${JSON.stringify(content, null, 2)}\n`
  // what JSON leaves out is not in the document either
  return { path: join(import.meta.dirname, "..", name), content: JSON.parse(text) as Json, text }
}

export const documents = (): ReadonlyArray<GeneratedDocument> => [
  generated("asyncapi.json", asyncApi()),
  generated("openapi.json", openApi())
]
