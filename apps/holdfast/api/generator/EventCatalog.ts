/**
 * Every event with what a reader wants to know of it: its schema, the comment of its declaration, an example.
 *
 * The comment is read from `StockEvent.ts`, the example from the fixtures of the domain's tests: what is said here is said where
 * the event is declared. Throws when an event has no comment or no fixture.
 */
import { EventManifest, eventTypes } from "@holdfast/domain/EventManifest"
import { EventId } from "@holdfast/domain/Identity"
import { linesMax } from "@holdfast/domain/Limit"
import * as StockEvent from "@holdfast/domain/StockEvent"
import type { StockEventType } from "@holdfast/domain/StockEvent"
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { payloadSchema, type Json } from "./PayloadSchema.ts"

const domain = join(import.meta.dirname, "../../../../packages/domain")
const source = readFileSync(join(domain, "src/StockEvent.ts"), "utf8")

export interface CataloguedEvent {
  readonly type: StockEventType
  /** name of its schema: `OrderPlaced` */
  readonly name: string
  readonly description: string
  /** JSON Schema of its data */
  readonly data: Json
  /** a structured CloudEvent, as it is sent */
  readonly example: Json
}

const declared = new Map(Object.entries(StockEvent).map(([name, schema]) => [schema as unknown, name]))

const describedAs = (name: string): string => {
  const comment = new RegExp(`/\\*\\* ([^\\n]+) \\*/\\nexport const ${name} = `).exec(source)?.[1]
  if (comment === undefined) throw new Error(`${name} has no comment of one line in StockEvent.ts`)
  return comment
}

/** Each kind of line has a check of its own, which cannot be recognised as that of a quantity is. */
const withLines = ({ properties, ...rest }: Json): Json => {
  const { lines, ...others } = properties as { readonly lines: Json }
  return { ...rest, properties: { ...others, lines: { ...lines, minItems: 1, maxItems: linesMax } } }
}

const catalogued = (type: StockEventType): CataloguedEvent => {
  const schema = EventManifest[type]
  const name = declared.get(schema)
  if (name === undefined) throw new Error(`the schema of ${type} is not exported by StockEvent.ts`)
  const example = JSON.parse(readFileSync(join(domain, `test/fixtures/events/${type}.json`), "utf8")) as Json
  return { type, name, description: describedAs(name), data: withLines(payloadSchema(schema)), example }
}

export const eventCatalog: ReadonlyArray<CataloguedEvent> = eventTypes.map(catalogued)

const { id: Id } = payloadSchema(Schema.Struct({ id: EventId }))["properties"] as { readonly id: Json }

/** JSON Schema of the whole event as one JSON body. @param required fields that cannot come from elsewhere */
export const envelopeSchema = ({ type, name }: CataloguedEvent, required: ReadonlyArray<string>): Json => ({
  type: "object",
  properties: {
    specversion: { const: "1.0", description: "CloudEvents; may be left out" },
    id: { ...Id, description: "unique within its source: the same id is the same event" },
    source: { ...Id, description: "the system that tells" },
    type: { const: type },
    time: {
      type: "string",
      format: "date-time",
      description: "when it happened; when the broker stored it unless given"
    },
    traceparent: { type: "string", description: "W3C trace context" },
    data: { $ref: `#/components/schemas/${name}` }
  },
  required
})
