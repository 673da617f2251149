/**
 * The documents for developers of other services: fresh, valid by the official schemas, and complete. That they are
 * true to the decoders is in `ApiSchemas.test.ts`, and that the running instance answers as they say is in `ApiAnswers.int.test.ts`.
 */
import asyncApiSchemas from "@asyncapi/specs"
import { eventSubject, requestSubject } from "@holdfast/bus/Subject"
import { eventTypes } from "@holdfast/domain/EventManifest"
import { requestSchemas, type RequestVerb } from "@holdfast/domain/Reservation"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Ajv } from "ajv"
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { describe, expect, it } from "vitest"
import { documents } from "../api/generator/Documents.ts"
import { eventCatalog } from "../api/generator/EventCatalog.ts"
import type { Json } from "../api/generator/PayloadSchema.ts"
import { requests } from "../api/generator/RequestCatalog.ts"
import { at, objectsIn, validatorOf } from "./ApiDocument.ts"

const [asyncApi, openApi] = documents().map(({ content }) => content) as [Json, Json]

describe.each(documents().map((document) => ({ name: basename(document.path), ...document })))("$name", (document) => {
  it("is fresh", () => {
    const isFresh = readFileSync(document.path, "utf8") === document.text
    expect(isFresh, `${document.name} is stale: run "npm run -w apps/holdfast api" and commit what it writes`).toBe(
      true
    )
  })

  it("refers only to what is there", () => {
    const refs = objectsIn(document.content).flatMap(({ $ref }) => (typeof $ref === "string" ? [$ref] : []))
    expect(refs.length).toBeGreaterThan(50)
    expect(refs.filter((ref) => at(document.content, ref) === undefined)).toEqual([])
  })

  it("says what every field of an event or request is", () => {
    const { schemas } = document.content["components"] as { readonly schemas: Readonly<Record<string, Json>> }
    const named = [...requests, ...eventCatalog].map(({ name }) => name)
    const fields = named
      .flatMap((name) => objectsIn(schemas[name]))
      .flatMap(({ properties }) => Object.entries(properties ?? {}))
    expect(fields.length).toBeGreaterThan(50)
    expect(fields.filter(([, field]) => field.description === undefined).map(([name]) => name)).toEqual([])
  })
})

describe("the AsyncAPI document", () => {
  it("is one by the official schema", () => {
    const ajv = new Ajv({ strict: false, logger: false })
    const isValid = ajv.validate(asyncApiSchemas.schemasWithoutId["3.0.0"] as object, asyncApi)
    expect(ajv.errors?.slice(0, 5) ?? []).toEqual([])
    expect(isValid).toBe(true)
  })

  it("has every subject that other services use", () => {
    const addresses = Object.values(asyncApi["channels"] as Record<string, Json>).map(({ address }) => address)
    const verbs = Object.keys(requestSchemas) as ReadonlyArray<RequestVerb>
    const announced = ["stock.availability.{sku}", "stock.oversold.{sku}"]
    expect(addresses.filter((address) => typeof address === "string").toSorted()).toEqual(
      [...eventTypes.map(eventSubject), ...verbs.map(requestSubject), ...announced].toSorted()
    )
  })

  it("has examples that are what it says", () => {
    const { messages } = asyncApi["components"] as { readonly messages: Readonly<Record<string, Json>> }
    for (const [name, message] of Object.entries(messages)) {
      const isPayload = validatorOf(asyncApi, message["payload"] as Json)
      const examples = message["examples"] as ReadonlyArray<{ readonly payload: unknown }>
      expect(examples.length, name).toBeGreaterThan(0)
      for (const { payload } of examples) expect(isPayload(payload), name).toEqual([])
    }
  })
})

const methods = ["get", "post", "put", "patch", "delete"]

/** Routes as they are written in the sources; what a template or a parameter stands for may be anything. */
const servedRoutes = () => {
  const sources = globSync(join(import.meta.dirname, "../../*/src/**/*.ts")).map((file) => readFileSync(file, "utf8"))
  const route = /HttpRouter\.\w+\(\s*"([A-Z]+)",\s*["`](\/v1\/[^"`]+)["`]/g
  return sources
    .flatMap((source) => [...source.matchAll(route)])
    .map(([, method, path]) => {
      const anything = path!.replace(/:\w+/g, "\\{\\w+\\}").replace(/\$\{\w+\}/g, "\\w+")
      return { route: `${method} ${path}`, pattern: new RegExp(`^${method} ${anything}$`) }
    })
}

describe("the OpenAPI document", () => {
  it("is one by the official schema", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(openApi))
    expect(errors ?? []).toEqual([])
    expect(valid).toBe(true)
  })

  it("has every route under /v1 that the apps serve, and no other", () => {
    const documented = Object.entries(openApi["paths"] as Record<string, Json>).flatMap(([path, item]) =>
      methods.filter((method) => item[method] !== undefined).map((method) => `${method.toUpperCase()} ${path}`)
    )
    const served = servedRoutes()
    expect(served.length).toBeGreaterThan(5)
    const isServed = (route: string) => served.some(({ pattern }) => pattern.test(route))
    expect(documented.filter((route) => route !== "GET /healthz" && !isServed(route))).toEqual([])
    const missing = served.filter(({ pattern }) => !documented.some((route) => pattern.test(route)))
    expect(missing.map(({ route }) => route)).toEqual([])
  })

  it("has examples that are what it says", () => {
    const contents = objectsIn(openApi["paths"]).filter(
      ({ schema, examples }) => schema !== undefined && examples !== undefined
    )
    expect(contents.length).toBeGreaterThan(10)
    for (const { schema, examples } of contents) {
      const isBody = validatorOf(openApi, schema as Json)
      for (const [name, { value }] of Object.entries(examples as Record<string, Json>)) {
        expect(isBody(value), name).toEqual([])
      }
    }
  })
})
