/**
 * The commit lanes of this process and what follows a commit: announcements and traces.
 *
 * Guarantee: on release the lanes finish the commit under way and the announcer publishes what is left, in that order.
 */
import { publishChain } from "@holdfast/bus/PublishChain"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { availabilityStream, noticesStream } from "@holdfast/bus/StreamTopology"
import { Database } from "@holdfast/ledger/Database"
import { Context, Effect, Layer } from "effect"
import { Announcer } from "./Announcer.ts"
import { ChannelSources } from "./ChannelSources.ts"
import { CommitLane } from "./CommitLane.ts"
import { lanes as laneCount } from "./EngineLimit.ts"
import { EngineObserver } from "./EngineObserver.ts"

const make = Effect.gen(function* () {
  const database = yield* Database
  const nats = yield* NatsConnection
  const observer = yield* EngineObserver
  const policies = yield* ChannelSources
  const announcer = new Announcer(
    (messages) => publishChain(nats.connection, availabilityStream, messages),
    (messages) => publishChain(nats.connection, noticesStream, messages)
  )
  const announcing = announcer.run()
  yield* Effect.addFinalizer(() =>
    Effect.promise(() => {
      announcer.close()
      return announcing
    })
  )
  const lanes: Array<CommitLane> = []
  for (let i = 0; i < laneCount; i++) {
    const lane = new CommitLane(yield* database.open(2), yield* database.open(1), {
      traced: observer.traced,
      policies,
      lost: observer.lost,
      committed: (batch, committedAt) => {
        announcer.announce(batch, committedAt)
        observer.committed(batch, committedAt)
      }
    })
    const running = lane.run()
    yield* Effect.addFinalizer(() =>
      Effect.promise(() => {
        lane.close()
        return running
      })
    )
    lanes.push(lane)
  }
  return { announcer, laneOf: (partition: number): CommitLane => lanes[partition % lanes.length]! }
})

export class CommitLanes extends Context.Service<CommitLanes, Effect.Success<typeof make>>()(
  "@holdfast/engine/CommitLanes"
) {
  static readonly layer = Layer.effect(CommitLanes, make)
}
