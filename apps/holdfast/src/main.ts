/** The command `holdfast`: everything in one process for one machine, and the operator's commands. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Effect, Layer, Result } from "effect"
import { Command } from "effect/cli"
import { importCommand } from "./ImportCommand.ts"
import { parkedCommand } from "./ParkedCommand.ts"
import { quarantineCommand } from "./QuarantineCommand.ts"
import { database, nats } from "./RunningInstance.ts"
import { startCommand } from "./StartCommand.ts"
import { upCommand } from "./UpCommand.ts"
import { verifyCommand } from "./VerifyCommand.ts"

const version = "0.1.0"

const holdfast = Command.make("holdfast").pipe(
  Command.withDescription("Real-time inventory sync that never sells a unit twice and tells every channel in time"),
  Command.withSubcommands([
    startCommand,
    upCommand,
    importCommand(nats),
    parkedCommand.pipe(Command.provide(Layer.merge(nats, database))),
    quarantineCommand.pipe(Command.provide(database)),
    verifyCommand.pipe(Command.provide(database))
  ])
)

/** What went wrong in words; where in the code only if it was nobody's expected failure. */
const report = (cause: Cause.Cause<unknown>) =>
  Effect.sync(() => {
    const failure = Cause.findError(cause)
    const text =
      Result.isSuccess(failure) && failure.success instanceof Error ? failure.success.message : Cause.pretty(cause)
    process.stderr.write(`${text}\n`)
  })

Command.run(holdfast, { version }).pipe(
  Effect.provide(NodeServices.layer),
  Effect.tapCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : report(cause))),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
