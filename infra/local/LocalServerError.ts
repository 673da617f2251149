/**
 * Why a local server could not be had. Every reason says in its message what to do next; nothing here is retried.
 */
import { Schema } from "effect"

/** No usable executable was found; `tried` has one line for each source. */
export class NoBinary extends Schema.TaggedError<NoBinary>()("NoBinary", {
  tried: Schema.Array(Schema.String)
}) {}

/** A living process (its pid is `holder`) already runs a server on this data directory. */
export class AlreadyRunning extends Schema.TaggedError<AlreadyRunning>()("AlreadyRunning", {
  directory: Schema.String,
  holder: Schema.Int
}) {}

/** The server process ended or stayed silent while it started; `log` is the end of its output. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  detail: Schema.String,
  log: Schema.String,
  logFile: Schema.String
}) {}

/** The data directory cannot be used as it is; `detail` says why and what to do. */
export class BadDirectory extends Schema.TaggedError<BadDirectory>()("BadDirectory", {
  directory: Schema.String,
  detail: Schema.String
}) {}

/** This machine cannot run the server; `detail` says why. */
export class Unsupported extends Schema.TaggedError<Unsupported>()("Unsupported", {
  detail: Schema.String
}) {}

const titles = { nats: "the local nats-server", postgres: "the local PostgreSQL" } as const
const ownServer = {
  nats: "set NATS_URL to a running server",
  postgres: "set DATABASE_URL to a running server"
} as const

type Server = keyof typeof titles
type Reason = NoBinary | AlreadyRunning | StartFailed | BadDirectory | Unsupported

const explain = (server: Server, reason: Reason): string => {
  switch (reason._tag) {
    case "NoBinary":
      return (
        `no nats-server 2.12 or newer was found:\n${reason.tried.map((line) => `  - ${line}`).join("\n")}\n` +
        "Set NATS_SERVER_BIN to such a binary, or set NATS_URL to a running server."
      )
    case "AlreadyRunning":
      return (
        `${titles[server]} of ${reason.directory} already belongs to process ${reason.holder}. ` +
        `Stop that process, or choose another data directory, or ${ownServer[server]}.`
      )
    case "StartFailed":
      return (
        `${titles[server]} did not start: ${reason.detail}. Its log is ${reason.logFile}` +
        `${reason.log === "" ? "" : ` and ends with:\n${reason.log}\n`}. You can also ${ownServer[server]}.`
      )
    case "BadDirectory":
      return `${titles[server]} cannot use ${reason.directory}: ${reason.detail}`
    case "Unsupported":
      return `${titles[server]} cannot run here: ${reason.detail}. Instead, ${ownServer[server]}.`
  }
}

/** The one error of the local servers. `message` is meant for a person and says what to do next. */
export class LocalServerError extends Schema.TaggedError<LocalServerError>()("LocalServerError", {
  server: Schema.Literals(["nats", "postgres"]),
  reason: Schema.Union([NoBinary, AlreadyRunning, StartFailed, BadDirectory, Unsupported]),
  message: Schema.String
}) {
  static readonly because = (server: Server, reason: Reason) =>
    new LocalServerError({ server, reason, message: explain(server, reason) })
}
