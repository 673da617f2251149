/** The command `holdfast`: everything in one process for one machine, and the operator's commands. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Effect, Layer, Result } from "effect"
import { Command } from "effect/cli"
import { checklistCommand } from "./ChecklistCommand.ts"
import { catalogueCommand } from "./catalogue/CatalogueCommand.ts"
import { locationsCommand } from "./catalogue/LocationsCommand.ts"
import { bundlesCommand } from "./bundles/BundlesCommand.ts"
import { channelCommand } from "./channel/ChannelCommand.ts"
import { importCommand } from "./ImportCommand.ts"
import { mappingCommand } from "./mapping/MappingCommand.ts"
import { parkedCommand } from "./ParkedCommand.ts"
import { quarantineCommand } from "./QuarantineCommand.ts"
import { database, nats } from "./RunningInstance.ts"
import { shortCommand } from "./ShortCommand.ts"
import { skuCommand } from "./SkuCommand.ts"
import { sourcesCommand } from "./sources/SourcesCommand.ts"
import { startCommand } from "./StartCommand.ts"
import { upCommand } from "./UpCommand.ts"
import { verifyCommand } from "./VerifyCommand.ts"
import { whyCommand } from "./WhyCommand.ts"

const version = "0.1.0"

const holdfast = Command.make("holdfast").pipe(
  Command.withDescription("Real-time inventory sync that never sells a unit twice and tells every channel in time"),
  Command.withSubcommands([
    startCommand,
    upCommand,
    channelCommand.pipe(Command.provide(database)),
    mappingCommand.pipe(Command.provide(database)),
    importCommand(nats),
    bundlesCommand(nats).pipe(Command.provide(database)),
    catalogueCommand(nats).pipe(Command.provide(database)),
    locationsCommand.pipe(Command.provide(database)),
    sourcesCommand.pipe(Command.provide(database)),
    checklistCommand.pipe(Command.provide(database)),
    skuCommand.pipe(Command.provide(database)),
    shortCommand.pipe(Command.provide(database)),
    whyCommand.pipe(Command.provide(database)),
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
