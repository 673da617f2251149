/** `holdfast up`: everything on one machine, without the demo. */
import { readChannelFile } from "@holdfast/outbound/ChannelFile"
import { Effect, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as Instance from "./Instance.ts"

export const upCommand = Command.make(
  "up",
  {
    channels: Flag.File("channels", { mustExist: true }).pipe(
      Flag.withDescription(
        "JSON file of channel definitions: these channels are run, as the file says; without it all that are known, as they are"
      ),
      Flag.optional
    )
  },
  Effect.fn("UpCommand")(function* ({ channels }) {
    const definitions = Option.isSome(channels) ? yield* readChannelFile(channels.value) : "known"
    yield* Layer.launch(Instance.layer({ channels: definitions }))
  })
).pipe(Command.withDescription("Run everything on this machine"))
