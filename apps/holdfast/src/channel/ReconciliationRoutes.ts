/**
 * Reconciliation of a channel over HTTP; `ChannelRoutes` has the paths. GET: the run that is under way, else the last report.
 * POST: begins a run, which goes on after the answer.
 */
import { Outbound } from "@holdfast/outbound/Outbound"
import { Effect, Result, Schema } from "effect"
import { channelOf } from "./ChannelEdit.ts"
import { answer, Author, bodyOf, idOf, refuse } from "./ChannelRequest.ts"

const Reconcile = Schema.Struct({
  ...Author,
  /** `below`, when absent: repaired unless too large a share differs; `all`: whatever the share; `none`: only said */
  heal: Schema.optionalKey(Schema.Literals(["below", "all", "none"]))
}).annotate({ messageUnexpectedKey: "is not known: fields are heal, by, reason" })

const streamOf = Effect.gen(function* () {
  const { channel } = yield* Outbound
  const id = yield* idOf
  yield* channelOf(id)
  return { id, stream: channel(id) }
})

const notRun = (id: string) => refuse(409, "channel", `${id} does not run in this process: start it again`)

export const reconciliation = Effect.gen(function* () {
  const { id, stream } = yield* streamOf
  if (stream === undefined) return notRun(id)
  return answer({ report: stream.snapshot().reconciliation ?? null, refused: stream.reconcileRefusal() ?? null })
})

export const reconcile = Effect.gen(function* () {
  const body = yield* bodyOf(Reconcile)
  if (Result.isFailure(body)) return body.failure
  const { id, stream } = yield* streamOf
  if (stream === undefined) return notRun(id)
  const started = stream.reconcile({ heal: "below", ...body.success })
  return started._tag === "begun" ? answer({ report: started.report }, 202) : refuse(409, "channel", started.detail)
})
