/**
 * Connections to PostgreSQL: a small shared pool, and dedicated connections for the hot path.
 *
 * Guarantee: every socket has TCP_NODELAY, big integers arrive as numbers (versions and sequences stay far below 2^53),
 * and a connection that hangs ends by itself. It does not retry: a caller must know whether a statement took effect.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import net from "node:net"
import postgres from "postgres"
import { type LedgerError, toLedgerError } from "./LedgerError.ts"

/** Connections of the shared pool: reads, the CLI, ownership. The hot path has its own. */
const poolSize = 4

/** Milliseconds after which the server ends a statement: a batch takes a few, a fold of the ledger has its own setting. */
const statementTimeoutMillis = 30_000

/** Seconds until a server that accepted a connection must have greeted: one that recovers says so at once. */
const connectTimeoutSeconds = 5

/** Seconds before a lost connection is made again. The client's own default grows to 20, a restart takes about one. */
const reconnectSeconds = 0.2

/**
 * postgres.js gathers writes below 1 KiB until the end of the event loop's turn. A connection that is lost in between keeps
 * waiting for that end, and every later one of its slot never sends its first message. Spaces mean nothing to the server and
 * make that message long enough to be sent at once.
 */
const startupPadding = " ".repeat(1_024)

/**
 * Settings of the connections that run the same few statements for ever. Their plans are made once, and stay what they are
 * when the tables have grown: a plan of the first minute, when everything was empty, would scan for ever after.
 */
const hotPathSettings = {
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off"
}

export type Sql = postgres.Sql<{ bigint: number }>

const connect = (url: string, max: number, settings: Readonly<Record<string, string>>): Sql =>
  postgres(url, {
    max,
    onnotice: () => {},
    connect_timeout: connectTimeoutSeconds,
    backoff: () => reconnectSeconds,
    connection: {
      application_name: "holdfast",
      statement_timeout: statementTimeoutMillis,
      options: startupPadding,
      ...settings
    },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    // postgres.js never sets TCP_NODELAY; the socket must be returned unconnected, or a refused connection hangs for ever
    socket: ({ host, port }: { host: ReadonlyArray<string>; port: ReadonlyArray<number> }) =>
      net.connect({ host: host[0]!, port: port[0]!, noDelay: true, keepAlive: true })
  } as postgres.Options<{ bigint: postgres.PostgresType<number> }>) as unknown as Sql

const acquire = (
  url: string,
  max: number,
  settings: Readonly<Record<string, string>>
): Effect.Effect<Sql, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => connect(url, max, settings)),
    (sql) => Effect.promise(() => sql.end({ timeout: 2 }))
  )

const make = (url: string) =>
  Effect.gen(function* () {
    const sql = yield* acquire(url, poolSize, {})
    return {
      url,
      sql,
      /** A client of the hot path with up to `max` connections of its own, closed with the scope. */
      open: (max: number) => acquire(url, max, hotPathSettings)
    }
  })

export class Database extends Context.Service<Database, Effect.Success<ReturnType<typeof make>>>()(
  "@holdfast/ledger/Database"
) {
  /** @param url `postgres://user:password@host:port/database` */
  static readonly layer = (url: string) => Layer.effect(Database, make(url))
}

/** Runs a query; what it throws becomes a `LedgerError`. */
export const query = <A>(run: () => PromiseLike<A>): Effect.Effect<A, LedgerError> =>
  Effect.tryPromise({ try: async () => run(), catch: toLedgerError })
