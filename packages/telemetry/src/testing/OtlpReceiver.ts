/**
 * A collector for tests: a real HTTP server that takes OTLP as JSON and keeps the spans and the newest metrics.
 *
 * Guarantee: what it holds came over HTTP from an exporter. It can refuse, as a collector in trouble does.
 */
import { Context, Effect, Layer } from "effect"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { recordOf, type KeyValue } from "./OtlpJson.ts"
import { pointsOf, type ReceivedPoint } from "./ReceivedPoint.ts"

/** Kinds as OTLP numbers them. */
export const spanKind = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const

export interface ReceivedSpan {
  readonly service: string
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** milliseconds since the epoch */
  readonly start: number
  readonly end: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<{ readonly name: string; readonly at: number }>
  /** 0 unset, 1 ok, 2 error */
  readonly status: number
  readonly statusMessage: string | undefined
}

export class OtlpReceiver extends Context.Service<
  OtlpReceiver,
  {
    /** for `OTEL_EXPORTER_OTLP_ENDPOINT` */
    readonly endpoint: string
    readonly spans: () => ReadonlyArray<ReceivedSpan>
    /** points of the newest export of metrics, none before it */
    readonly points: () => ReadonlyArray<ReceivedPoint>
    readonly clear: () => void
    /** media types of the requests so far, of whichever signal */
    readonly mediaTypes: () => ReadonlyArray<string | undefined>
    /** HTTP status of the next answers; 200 at first */
    readonly answer: (status: number) => void
    /** Waits until the spans received so far satisfy the condition. */
    readonly until: (
      condition: (spans: ReadonlyArray<ReceivedSpan>) => boolean
    ) => Effect.Effect<ReadonlyArray<ReceivedSpan>>
    /** Waits until the points of an export satisfy the condition. */
    readonly untilPoints: (
      condition: (points: ReadonlyArray<ReceivedPoint>) => boolean
    ) => Effect.Effect<ReadonlyArray<ReceivedPoint>>
  }
>()("@holdfast/telemetry/testing/OtlpReceiver") {
  static readonly layer: Layer.Layer<OtlpReceiver> = Layer.effect(
    OtlpReceiver,
    Effect.acquireRelease(
      Effect.promise(() => listen()),
      ({ close }) => Effect.promise(close)
    ).pipe(Effect.map(({ receiver }) => receiver))
  )
}

const listen = async () => {
  let spans: Array<ReceivedSpan> = []
  let points: ReadonlyArray<ReceivedPoint> = []
  let mediaTypes: Array<string | undefined> = []
  let status = 200
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const mediaType = request.headers["content-type"]
      mediaTypes.push(mediaType)
      if (status === 200 && mediaType === "application/json") {
        if (request.url === "/v1/traces") spans.push(...spansOf(JSON.parse(body)))
        if (request.url === "/v1/metrics") points = pointsOf(JSON.parse(body))
      }
      response.writeHead(status, { "content-type": "application/json" }).end("{}")
      for (const check of waiting) check()
    })
  })
  const until = <A>(held: () => A, condition: (all: A) => boolean) =>
    Effect.callback<A>((resume) => {
      const check = () => {
        if (!condition(held())) return
        waiting.delete(check)
        resume(Effect.succeed(held()))
      }
      waiting.add(check)
      check()
      return Effect.sync(() => waiting.delete(check))
    })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const receiver = {
    endpoint: `http://127.0.0.1:${port}`,
    spans: () => spans,
    mediaTypes: () => mediaTypes,
    clear: () => {
      spans = []
      points = []
      mediaTypes = []
    },
    answer: (next: number) => {
      status = next
    },
    points: () => points,
    until: (condition: (all: ReadonlyArray<ReceivedSpan>) => boolean) => until(() => spans, condition),
    untilPoints: (condition: (all: ReadonlyArray<ReceivedPoint>) => boolean) => until(() => points, condition)
  }
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { receiver, close }
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}

interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<KeyValue>
  readonly events: ReadonlyArray<{ readonly name: string; readonly timeUnixNano: string }>
  readonly status: { readonly code: number; readonly message?: string }
}

interface OtlpRequest {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<KeyValue> }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<OtlpSpan> }>
  }>
}

const spansOf = ({ resourceSpans }: OtlpRequest): ReadonlyArray<ReceivedSpan> =>
  resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(recordOf(resource.attributes)["service.name"])
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => received(service, span)))
  })

const received = (service: string, span: OtlpSpan): ReceivedSpan => ({
  service,
  name: span.name,
  kind: span.kind,
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId === undefined || span.parentSpanId === "" ? undefined : span.parentSpanId,
  start: millisOf(span.startTimeUnixNano),
  end: millisOf(span.endTimeUnixNano),
  attributes: recordOf(span.attributes),
  events: span.events.map(({ name, timeUnixNano }) => ({ name, at: millisOf(timeUnixNano) })),
  status: span.status.code,
  statusMessage: span.status.message
})

const millisOf = (nanos: string): number => Number(BigInt(nanos) / 1_000n) / 1_000
