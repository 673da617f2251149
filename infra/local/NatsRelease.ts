/**
 * The pinned release of nats-server, from the project's own release page.
 *
 * Guarantee: nothing is unpacked that does not have the SHA-256 written here. A platform without a checksum is
 * refused, never trusted.
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "./RunCommand.ts"

const version = "2.15.0"

/**
 * SHA-256 of `nats-server-v<version>-<platform>.tar.gz`. The Linux ones are those that the Docker official image
 * `nats:2.15.0-alpine` is built with. For macOS none was found at a second source, so it uses NATS_SERVER_BIN or PATH
 * (`brew install nats-server`).
 */
const checksums: Readonly<Record<string, string>> = {
  "linux-amd64": "5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92",
  "linux-arm64": "cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112",
  "linux-arm6": "e29421c251dda2003d16b8d503124a0d690d05f4e018923be7e5e64b446e42c2",
  "linux-arm7": "ec5f4689d017e07cfa18442e10da051c0f3f9dd2e7f4dc7cdb55a11f1303c952",
  "linux-386": "f572eccdbb35ab5c7fef7703a5b6ca49e55d039e441920ba5478972ecdcf7a47",
  "linux-s390x": "ac50bf4adc8fa6db575ed9293417b6fbec746e71cc9d360aea5cd447e4207bfc",
  "linux-ppc64le": "a402bf73f91f674735cc85aa0e7d06d5dfa3044b98cda6ea9937cfee4e05a266"
}

const architectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  arm64: "arm64",
  arm: "arm7",
  ia32: "386",
  s390x: "s390x",
  ppc64: "ppc64le"
}

const connectTimeoutMs = 10_000
const downloadTimeoutMs = 120_000

/** Downloads, verifies and unpacks the release into `directory`; gives the path of the binary. */
export const download = Effect.fn("NatsRelease.download")(function* (
  directory: string,
  onProgress: (line: string) => void
) {
  const platform = `${process.platform}-${architectures[process.arch] ?? process.arch}`
  const expected = checksums[platform]
  if (expected === undefined) {
    return yield* Effect.fail(new Error(`no checksum is pinned for ${platform}, so it is not downloaded`))
  }
  const name = `nats-server-v${version}-${platform}`
  onProgress(`downloading nats-server ${version} from its release page`)
  const archive = yield* fetchBytes(
    `https://github.com/nats-io/nats-server/releases/download/v${version}/${name}.tar.gz`
  )
  const actual = createHash("sha256").update(archive).digest("hex")
  if (actual !== expected) {
    return yield* Effect.fail(
      new Error(`${name}.tar.gz has SHA-256 ${actual} instead of ${expected}; it was thrown away`)
    )
  }
  mkdirSync(directory, { recursive: true })
  const file = join(directory, `${name}.tar.gz`)
  writeFileSync(file, archive)
  yield* run("tar", ["-xzf", file, "-C", directory])
  return join(directory, name, "nats-server")
})

const fetchBytes = (url: string): Effect.Effect<Uint8Array, Error> =>
  Effect.tryPromise({
    try: async (signal) => {
      const slow = new AbortController()
      const timer = setTimeout(
        () => slow.abort(new Error(`no answer within ${connectTimeoutMs / 1000} s`)),
        connectTimeoutMs
      )
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, slow.signal, AbortSignal.timeout(downloadTimeoutMs)])
      })
      clearTimeout(timer)
      if (!response.ok) throw new Error(`the release page answered ${response.status}`)
      return new Uint8Array(await response.arrayBuffer())
    },
    catch: (cause) => new Error(`the release page cannot be reached (${reasonOf(cause)})`)
  })

/** `fetch` says "fetch failed" and hides the reason in the cause. */
const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error)
