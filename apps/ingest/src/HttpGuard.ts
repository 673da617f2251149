/**
 * Who may speak to the HTTP server at all: the right host name, and the token if one is set.
 *
 * Guarantee: a page of another site that resolves its own name to this machine is refused (DNS rebinding), and a token is
 * compared without telling how much of it was right. Applies to every route of the server it is put on; `/healthz` needs no
 * token, nor do channels that call us: they sign. It knows no users and no scopes.
 */
import { Config, Effect, Layer, Option } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { hash, timingSafeEqual } from "node:crypto"

export interface GuardPolicy {
  /** host names, lower case, without port, under which the server may be asked */
  readonly hosts: ReadonlySet<string>
  /** hex of the SHA-256 of the bearer token; undefined when none is needed */
  readonly tokenSha256: string | undefined
}

export interface GuardedRequest {
  readonly path: string
  readonly host: string | undefined
  readonly authorization: string | undefined
}

export interface Refusal {
  readonly status: 401 | 421
  readonly field: string
  readonly message: string
}

/** The path that tells a supervisor whether the server is well. */
export const healthPath = "/healthz"

/** Where channels call us; every call is authenticated by its signature (`InboundRoutes`). */
const inboundPath = "/v1/inbound/"

const isOpen = (path: string): boolean => path === healthPath || path.startsWith(inboundPath)

const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"]

const hostName = (host: string): string => host.toLowerCase().replace(/:\d*$/, "")

/** Why a request is refused, if it is. */
export const refusalOf = ({ path, host, authorization }: GuardedRequest, policy: GuardPolicy): Refusal | undefined => {
  if (host === undefined || !policy.hosts.has(hostName(host))) {
    return { status: 421, field: "host", message: "must be a loopback name or one listed in HOLDFAST_HTTP_HOSTS" }
  }
  const { tokenSha256 } = policy
  if (tokenSha256 === undefined || isOpen(path) || bears(authorization, tokenSha256)) return undefined
  return { status: 401, field: "authorization", message: "must be Bearer and the token of this server" }
}

const bears = (authorization: string | undefined, tokenSha256: string): boolean => {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1]
  if (token === undefined) return false
  return timingSafeEqual(Buffer.from(hash("sha256", token, "hex")), Buffer.from(tokenSha256))
}

const tokenHash = Config.String("HOLDFAST_API_TOKEN_SHA256").pipe(Config.option)
const hostList = Config.String("HOLDFAST_HTTP_HOSTS").pipe(Config.withDefault(""))

const readPolicy = Effect.gen(function* () {
  const token = yield* tokenHash
  const hosts = (yield* hostList).split(",").map((host) => hostName(host.trim()))
  const tokenSha256 = Option.getOrUndefined(token)?.toLowerCase()
  if (tokenSha256 !== undefined && !/^[0-9a-f]{64}$/.test(tokenSha256)) {
    return yield* Effect.die(new Error("HOLDFAST_API_TOKEN_SHA256 must be 64 hex digits: the SHA-256 of the token"))
  }
  return {
    hosts: new Set([...loopbackHosts, ...hosts.filter((host) => host !== "")]),
    tokenSha256
  } satisfies GuardPolicy
})

const refuse = ({ status, field, message }: Refusal) =>
  HttpServerResponse.jsonUnsafe(
    { errors: [{ field, message }] },
    { status, headers: status === 401 ? { "www-authenticate": "Bearer" } : {} }
  )

/** Guards all routes of the server. Its settings come from the environment. */
export const layer = HttpRouter.middleware(
  Effect.map(
    readPolicy,
    (policy) => (handled) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ url, headers }) => {
        const { host, authorization } = headers
        const refusal = refusalOf({ path: url.split("?", 1)[0]!, host, authorization }, policy)
        return refusal === undefined ? handled : Effect.succeed(refuse(refusal))
      })
  ),
  { global: true }
).pipe(Layer.orDie)
