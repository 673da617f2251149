/**
 * Lets what answers requests be found: `nats micro ls`, `info` and `stats` (the NATS service API, `$SRV.PING`, `INFO`, `STATS`).
 *
 * Guarantee: it says what endpoints there are, in the form that every NATS client understands, each with the JSON Schema of its
 * requests; counting a request costs two looks at the clock. It serves no requests itself: its own subscriptions are apart from theirs.
 * The client library's services package would have to own them, and exists as a preview only.
 */
import type { Msg, NatsConnection as Connection, Subscription } from "@nats-io/nats-core"
import { nuid } from "@nats-io/nats-core"

export interface ServiceDescription {
  /** letters, digits, `_` and `-` */
  readonly name: string
  /** semantic version */
  readonly version: string
  readonly description: string
  readonly endpoints: ReadonlyArray<EndpointDescription>
}

export interface EndpointDescription {
  /** letters, digits, `_` and `-` */
  readonly name: string
  readonly subject: string
  readonly queueGroup: string
  readonly metadata: Readonly<Record<string, string>>
}

/** How an endpoint did since its start. */
export class EndpointTally {
  requests = 0
  errors = 0
  lastError = ""
  /** milliseconds of all requests together */
  millis = 0

  /** A request begins. @returns what is to be called with it answered */
  begin(): () => void {
    const began = performance.now()
    this.requests += 1
    return () => void (this.millis += performance.now() - began)
  }

  failed(why: string): void {
    this.errors += 1
    this.lastError = why
  }
}

export interface DiscoverableService {
  /** this process, among those of the same name */
  readonly id: string
  readonly tallyOf: (endpoint: string) => EndpointTally
  readonly stop: () => Promise<void>
}

const nanosOf = (millis: number): number => Math.round(millis * 1_000_000)

const statsOf = ({ name, subject, queueGroup }: EndpointDescription, tally: EndpointTally) => ({
  name,
  subject,
  queue_group: queueGroup,
  num_requests: tally.requests,
  num_errors: tally.errors,
  last_error: tally.lastError,
  processing_time: nanosOf(tally.millis),
  average_processing_time: tally.requests === 0 ? 0 : Math.round(nanosOf(tally.millis) / tally.requests)
})

/** Answers whoever looks for services, until it is stopped. */
export const discoverable = (connection: Connection, service: ServiceDescription): DiscoverableService => {
  const { name, version, description, endpoints } = service
  const id = nuid.next()
  const started = new Date().toISOString()
  const tallies = new Map(endpoints.map((endpoint) => [endpoint.name, new EndpointTally()]))
  const tallyOf = (endpoint: string): EndpointTally => tallies.get(endpoint)!
  const head = { name, id, version, metadata: {} }
  const answers: Readonly<Record<string, () => object>> = {
    PING: () => ({ type: "io.nats.micro.v1.ping_response", ...head }),
    INFO: () => ({
      type: "io.nats.micro.v1.info_response",
      ...head,
      description,
      endpoints: endpoints.map(({ queueGroup, ...endpoint }) => ({ ...endpoint, queue_group: queueGroup }))
    }),
    STATS: () => ({
      type: "io.nats.micro.v1.stats_response",
      ...head,
      started,
      endpoints: endpoints.map((endpoint) => statsOf(endpoint, tallyOf(endpoint.name)))
    })
  }
  const subscriptions: Array<Subscription> = []
  for (const [verb, answer] of Object.entries(answers))
    for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${id}`]) {
      const callback = (error: Error | null, message: Msg) => {
        if (error === null) message.respond(JSON.stringify(answer()))
      }
      subscriptions.push(connection.subscribe(subject, { callback }))
    }
  const stop = async () => {
    for (const subscription of subscriptions) await subscription.drain().catch(() => {})
  }
  return { id, tallyOf, stop }
}
