/** `npm run -w apps/holdfast api`: writes `asyncapi.json` and `openapi.json` anew. A test fails while they are stale. */
import { writeFileSync } from "node:fs"
import { documents } from "./Documents.ts"

for (const { path, text } of documents()) {
  writeFileSync(path, text)
  process.stdout.write(`${path}\n`)
}
