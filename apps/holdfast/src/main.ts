/** The command `holdfast`: everything in one process for one machine, and the operator's commands. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { importCommand } from "./ImportCommand.ts"
import { parkedCommand } from "./ParkedCommand.ts"
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
    verifyCommand.pipe(Command.provide(database))
  ])
)

Command.run(holdfast, { version }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
