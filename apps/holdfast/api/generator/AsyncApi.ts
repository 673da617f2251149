/** The AsyncAPI 3.0 document: every NATS subject that other services use, in the view of Holdfast. */
import { availabilityStream, eventsStream, noticesStream, streams } from "@holdfast/bus/StreamTopology"
import { allAvailability, allNotices, eventSubject, header, requestSubject } from "@holdfast/bus/Subject"
import { requestBytesMax } from "@holdfast/engine/EngineLimit"
import { Acknowledgement, AcknowledgementError, answers } from "./AnswerSchema.ts"
import { announcedSchemas, announcementExample, oversoldExample } from "./Announced.ts"
import { info, rules, schemaRef } from "./Document.ts"
import { envelopeSchema, eventCatalog, type CataloguedEvent } from "./EventCatalog.ts"
import { payloadSchema, type Json } from "./PayloadSchema.ts"
import { answerCatalog, answerNames, heardBy, requests, requestSchemaOf, requestsOf, verbs } from "./RequestCatalog.ts"

const entries = <A>(all: ReadonlyArray<A>, entry: (one: A) => readonly [string, unknown]): Json =>
  Object.fromEntries(all.map(entry))

/** A stream of JetStream, as far as a reader or publisher feels it. */
const streamOf = (name: string): Json => {
  const { max_age, duplicate_window, max_msg_size, max_msgs_per_subject } = streams.find((one) => one.name === name)!
  const millis = (nanos: number | undefined) => (nanos === undefined ? undefined : nanos / 1_000_000)
  return {
    stream: name,
    maxAgeMillis: millis(max_age),
    duplicateWindowMillis: millis(duplicate_window),
    maxMessageBytes: max_msg_size,
    messagesPerSubject: max_msgs_per_subject
  }
}

const eventHeaders: Json = {
  type: "object",
  description:
    "All may be left out. With ce-specversion, ce-source or ce-type the event is a binary CloudEvent: the payload is the data alone.",
  properties: {
    [header.messageId]: {
      type: "string",
      description:
        "the broker stores an event once per value within two minutes; it stands for the id where none is given"
    },
    [header.traceparent]: { type: "string", description: "W3C trace context" },
    [header.contentType]: { enum: ["application/json", "application/cloudevents+json"] },
    ...entries(["specversion", "id", "source", "type", "time"], (name) => [
      header.cloudEventPrefix + name,
      { type: "string" }
    ])
  }
}

const requestHeaders: Json = {
  type: "object",
  properties: { [header.traceparent]: { type: "string", description: "W3C trace context" } }
}

const messageRef = (name: string): Json => ({ $ref: `#/components/messages/${name}` })

const channel = (
  address: string | null,
  description: string,
  messages: ReadonlyArray<string>,
  rest: Json = {}
): Json => ({
  address,
  description,
  messages: entries(messages, (name) => [name, messageRef(name)]),
  ...rest
})

const operation = (action: "receive" | "send", on: string, messages: ReadonlyArray<string>, rest: Json): Json => ({
  action,
  channel: { $ref: `#/channels/${on}` },
  messages: messages.map((name) => ({ $ref: `#/channels/${on}/messages/${name}` })),
  ...rest
})

const reply = (on: string, messages: ReadonlyArray<string>): Json => ({
  channel: { $ref: `#/channels/${on}` },
  messages: messages.map((name) => ({ $ref: `#/channels/${on}/messages/${name}` }))
})

const acknowledgements = ["Acknowledgement", "AcknowledgementError"]

const skuParameter: Json = {
  description: "letters, digits, `_` and `-` as they are, every other byte percent-encoded: `BOWL%2012`"
}

const channels = (): Json => ({
  ...entries(eventCatalog, ({ type, name, description }) => [
    type,
    channel(eventSubject(type), description, [name], { "x-jetstream": streamOf(eventsStream) })
  ]),
  acknowledgement: channel(null, "The reply subject of an event that was published as a request.", acknowledgements),
  ...entries(verbs, (verb) => [
    verb,
    channel(
      requestSubject(verb),
      `Requests of at most ${requestBytesMax} bytes; the reply subject must be an inbox.`,
      requestsOf(verb).map(({ name }) => name)
    )
  ]),
  ...entries(verbs, (verb) => [
    `${verb}.reply`,
    channel(null, `The reply subject of \`${requestSubject(verb)}\`.`, heardBy(verb))
  ]),
  announcement: channel(
    allAvailability.replace("*", "{sku}"),
    "The newest announcements of every SKU. Read it with a consumer that begins with the last message per subject; ignore versions that are not newer.",
    ["Announcement"],
    {
      parameters: { sku: skuParameter },
      "x-jetstream": streamOf(availabilityStream)
    }
  ),
  oversold: channel(
    allNotices.replace("*", "{sku}"),
    "One event for each change that raised what is oversold: an order beyond what is available, or stock that turned out not to be there.",
    ["StockOversold"],
    { parameters: { sku: skuParameter }, "x-jetstream": streamOf(noticesStream) }
  )
})

const operations = (): Json => ({
  ...entries(eventCatalog, ({ type, name, description }) => [
    `take${name}`,
    operation("receive", type, [name], { summary: description, reply: reply("acknowledgement", acknowledgements) })
  ]),
  ...entries(verbs, (verb) => [
    verb,
    operation(
      "receive",
      verb,
      requestsOf(verb).map(({ name }) => name),
      {
        summary: requestsOf(verb)[0]!.summary,
        reply: reply(`${verb}.reply`, heardBy(verb)),
        bindings: { nats: { queue: "engine" } }
      }
    )
  ]),
  announce: operation("send", "announcement", ["Announcement"], {
    summary: "A SKU changed. At least once, with absolute quantities: the newest alone is enough."
  }),
  notify: operation("send", "oversold", ["StockOversold"], {
    summary: "Units were promised beyond what is there. Stock may have arrived since."
  })
})

const eventMessage = ({ type, name, description, example }: CataloguedEvent): Json => ({
  name: type,
  title: description,
  contentType: "application/json",
  headers: schemaRef("EventHeaders"),
  payload: schemaRef(`${name}Event`),
  examples: [{ name: String(example["id"]), payload: example }]
})

const message = (name: string, title: string, examples: ReadonlyArray<unknown>, rest: Json = {}): Json => ({
  name,
  title,
  payload: schemaRef(name),
  examples: examples.map((payload) => ({ payload })),
  ...rest
})

const messages = (): Json => ({
  ...entries(eventCatalog, (event) => [event.name, eventMessage(event)]),
  ...entries(requests, ({ name, summary, example }) => [
    name,
    message(name, summary, [example], { headers: schemaRef("RequestHeaders") })
  ]),
  ...entries(answerNames, (name) => {
    const { description, example } = answerCatalog[name]
    return [name, message(name, description, [example])]
  }),
  Announcement: message("Announcement", "What there is of a SKU, and which events led to it.", [announcementExample]),
  StockOversold: message("StockOversold", "Units were promised beyond what is there.", [oversoldExample]),
  Acknowledgement: message("Acknowledgement", "The event is stored.", [{ stream: eventsStream, seq: 119 }]),
  AcknowledgementError: message("AcknowledgementError", "The event is not stored.", [
    { error: { code: 400, err_code: 10054, description: "message size exceeds maximum allowed" } }
  ])
})

const schemas = (): Json => ({
  ...entries(eventCatalog, ({ name, data }) => [name, data]),
  ...entries(eventCatalog, (event) => [`${event.name}Event`, envelopeSchema(event, ["id", "source", "data"])]),
  EventHeaders: eventHeaders,
  RequestHeaders: requestHeaders,
  ...entries(requests, (request) => [request.name, requestSchemaOf(request)]),
  ...entries(answerNames, (name) => [name, payloadSchema(answers[name])]),
  ...announcedSchemas(),
  Acknowledgement: payloadSchema(Acknowledgement),
  AcknowledgementError: payloadSchema(AcknowledgementError)
})

/** The document, as plain data. */
export const asyncApi = (): Json => ({
  asyncapi: "3.0.0",
  info: info("Holdfast over NATS", rules),
  defaultContentType: "application/json",
  servers: { local: { host: "localhost:4222", protocol: "nats", description: "NATS 2.12 or newer, with JetStream" } },
  channels: channels(),
  operations: operations(),
  components: { messages: messages(), schemas: schemas() }
})
