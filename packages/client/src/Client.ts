/**
 * Holdfast for a TypeScript service: say what happened, reserve units, watch stock. Everything is a plain Promise or an
 * async iterable.
 *
 * Guarantee: the connection comes back by itself for as long as the client is open, and calls wait for it until their
 * deadline. What is sent is checked first. It keeps nothing on disk: an event that must not be lost is published again, under
 * the same id, by whoever knows that it happened.
 */
import { jetstream as jetstreamOf } from "@nats-io/jetstream"
import type { NatsConnection } from "@nats-io/nats-core"
import { connect as connectNats, type NodeConnectionOptions } from "@nats-io/transport-node"
import { EventSource } from "@holdfast/domain/Identity"
import { checked } from "./Checked.ts"
import { ClientClosed } from "./ClientError.ts"
import { reconnectMillis } from "./ClientLimit.ts"
import type { EventData, StockEventType } from "./EventData.ts"
import { publishEvent, type PublishOptions, type Stored } from "./EventPublish.ts"
import { ask, type Answer, type Asked, type CallOptions } from "./ReservationCall.ts"
import { watchStock, type StockWatch, type WatchSource } from "./StockWatch.ts"

export interface ClientOptions {
  /** `nats://host:port`, several separated by commas */
  readonly natsUrl: string
  /** which system the events come from, 1 to 128 bytes: the CloudEvents `source` */
  readonly source: string
  /** credentials, TLS and whatever else the connection needs */
  readonly nats?: Omit<NodeConnectionOptions, "servers">
  /** told of what the client gets over by itself, for a log; nobody unless given */
  readonly onTrouble?: (what: string, cause: unknown) => void
}

export interface Client {
  /**
   * Says that something happened. Resolves once the broker has stored it; what it means for stock is decided afterwards.
   * Rejects with `InvalidInput` (nothing was sent) or `NotConfirmed` (publish it again under the same id).
   */
  publish<T extends StockEventType>(type: T, data: EventData<T>, options?: PublishOptions): Promise<Stored>
  /** Asks for a time-limited claim on units of one SKU. Rejects with `InvalidInput` only. */
  reserve(request: Asked<"reserve">, options?: CallOptions): Promise<Answer<"reserve">>
  /**
   * Asks for units of several SKUs: all or nothing, or with `partial` what there is of each. Its id goes into `confirm`, `release`
   * and the others like that of a single one. Rejects with `InvalidInput` only.
   */
  reserveLines(request: Asked<"reserveLines">, options?: CallOptions): Promise<Answer<"reserveLines">>
  /** Turns a claim into committed units of an order. Rejects with `InvalidInput` only. */
  confirm(request: Asked<"confirm">, options?: CallOptions): Promise<Answer<"confirm">>
  /** Gives a claim back. Rejects with `InvalidInput` only. */
  release(request: Asked<"release">, options?: CallOptions): Promise<Answer<"release">>
  /** Lets a claim live longer. Rejects with `InvalidInput` only. */
  extend(request: Asked<"extend">, options?: CallOptions): Promise<Answer<"extend">>
  /** Lets a claim live until it is unpinned, confirmed or released. Rejects with `InvalidInput` only. */
  pin(request: Asked<"pin">, options?: CallOptions): Promise<Answer<"pin">>
  /** Lets a pinned claim end by itself again. Rejects with `InvalidInput` only. */
  unpin(request: Asked<"unpin">, options?: CallOptions): Promise<Answer<"unpin">>
  /** Asks what there is of a SKU, from who decides about it; `watch` is cheaper. Rejects with `InvalidInput` only. */
  availability(sku: string, options?: CallOptions): Promise<Answer<"availability">>
  /** Asks what happened to a SKU: the newest rows of its ledger, newest last. Rejects with `InvalidInput` only. */
  history(request: Asked<"history">, options?: CallOptions): Promise<Answer<"history">>
  /** The stock of one SKU: its newest state if it has one, then every change. */
  watch(sku: string): StockWatch
  /** The stock of every SKU. */
  watchAll(): StockWatch
  /** Ends all watches and the connection. Calls under way may still finish. */
  close(): Promise<void>
}

/** Rejects with `InvalidInput`, or with an error of `@nats-io/nats-core` when no server can be reached at the first attempt. */
export const connect = async ({ natsUrl, source, nats, onTrouble = () => {} }: ClientOptions): Promise<Client> => {
  checked("source", EventSource, source)
  const connection = await connectNats({
    name: source,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectMillis,
    reconnectJitter: reconnectMillis,
    ...nats,
    servers: natsUrl.split(",")
  })
  return clientOn(connection, source, onTrouble)
}

const clientOn = (connection: NatsConnection, source: string, onTrouble: WatchSource["onTrouble"]): Client => {
  const jetstream = jetstreamOf(connection)
  const watches = new Set<StockWatch>()
  const onEnd = (ended: StockWatch) => void watches.delete(ended)
  const open = (): NatsConnection => {
    if (connection.isClosed() || connection.isDraining()) throw new ClientClosed()
    return connection
  }
  const watch = (sku?: string): StockWatch => {
    const opened = watchStock({ connection: open(), jetstream, onTrouble, onEnd }, sku)
    watches.add(opened)
    return opened
  }
  return {
    publish: async (type, data, options) => publishEvent(open(), source, type, data, options),
    reserve: async (request, options) => ask(open(), "reserve", request, options),
    reserveLines: async (request, options) => ask(open(), "reserveLines", request, options),
    confirm: async (request, options) => ask(open(), "confirm", request, options),
    release: async (request, options) => ask(open(), "release", request, options),
    extend: async (request, options) => ask(open(), "extend", request, options),
    pin: async (request, options) => ask(open(), "pin", request, options),
    unpin: async (request, options) => ask(open(), "unpin", request, options),
    availability: async (sku, options) => ask(open(), "availability", { sku }, options),
    history: async (request, options) => ask(open(), "history", request, options),
    watch,
    watchAll: () => watch(),
    close: async () => {
      for (const opened of watches) opened.close()
      if (!connection.isClosed()) await connection.drain().catch(() => connection.close())
    }
  }
}
