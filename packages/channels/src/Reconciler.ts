/**
 * Reconciliation of one channel, on demand and by its definition's schedule: reads back what the channel shows, compares it with
 * what it confirmed, and gives what differs back to the output stream.
 *
 * Guarantee: one run at a time. It reads only from what pushes leave of the rate budget, one request at a time, and gives
 * its place to a push that needs it. Above the set share nothing is repaired. A schedule counts from the start of the process,
 * or from the end of the run before. The decisions are in `ReconciliationRun` and `ReconciliationVerdict`.
 */
import { nextRun } from "@holdfast/domain/Schedule"
import { Clock, Effect, FiberSet, Latch, type Scope } from "effect"
import type { ChannelConnector } from "./ChannelConnector.ts"
import {
  connectorGraceMillis,
  reconcileLookMillis,
  reconcileRetryMillis,
  reconcileSettleLookMillis,
  reconcileSleepMillisMax,
  reconcileStopAbove
} from "./ChannelLimit.ts"
import { answered, unreachable } from "./ConnectorCall.ts"
import type { OutputCore } from "./OutputCore.ts"
import {
  comparedOf,
  mustStop,
  type ReconciliationReport,
  type ReconciliationRequest,
  worstOf
} from "./ReconciliationReport.ts"
import { ReconciliationRun } from "./ReconciliationRun.ts"
import { type Expectation, isConfirmed } from "./ReconciliationVerdict.ts"

/** Whether a run was begun, or why not. */
export type ReconciliationStart =
  | { readonly _tag: "begun"; readonly report: ReconciliationReport }
  | { readonly _tag: "refused"; readonly detail: string }

export interface Reconciler {
  readonly begin: (request: ReconciliationRequest) => ReconciliationStart
  /** why no run can begin now; undefined: one can */
  readonly refused: () => string | undefined
  /** of the run that is under way, else of the last; undefined: none was begun by this process */
  readonly report: () => ReconciliationReport | undefined
  /** The definition may be another one. */
  readonly redefined: () => void
}

type Head = ReconciliationRequest & Pick<ReconciliationReport, "channel" | "begunAt" | "unconfirmed" | "stopAbove">

interface Surroundings {
  readonly core: OutputCore
  /** through which the channel is reached now */
  readonly connector: () => ChannelConnector
}

const reportOf = (
  head: Head,
  run: ReconciliationRun,
  end?: Pick<ReconciliationReport, "endedAt" | "stopped" | "healed">
) =>
  ({
    ...head,
    listings: run.listings,
    ...comparedOf(run.counts),
    counts: { ...run.counts },
    reads: run.reads,
    detail: run.detail,
    worst: worstOf(run.discrepancies()),
    endedAt: end?.endedAt,
    stopped: end?.stopped ?? false,
    healed: end?.healed ?? 0
  }) satisfies ReconciliationReport

/** Lives as long as the scope. */
export const makeReconciler = ({ core, connector }: Surroundings): Effect.Effect<Reconciler, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const now = () => clock.currentTimeMillisUnsafe()
    const startedAt = now()
    const fork = yield* FiberSet.makeRuntime<never, void, never>()
    const changed = Latch.makeUnsafe()
    let report: () => ReconciliationReport | undefined = () => undefined
    let isRunning = false
    const rests = Latch.makeUnsafe(true)

    const refused = () => {
      const current = isRunning ? report() : undefined
      if (current === undefined) return refusalOf(core, connector())
      return `${current.channel} is being reconciled for ${current.by} already: wait for its end`
    }
    const begin = (request: ReconciliationRequest): ReconciliationStart => {
      const refusal = refused()
      if (refusal !== undefined) return { _tag: "refused", detail: refusal }
      const { definition } = core
      const all = [...core.listings.values()]
      const listings = all.filter(isConfirmed)
      const { settleMillis } = connector().descriptor
      const run = new ReconciliationRun(
        listings,
        now(),
        settleMillis,
        startedAt + definition.timeoutMillis + settleMillis
      )
      const head = {
        ...request,
        channel: definition.id,
        begunAt: now(),
        unconfirmed: all.length - listings.length,
        stopAbove: definition.reconcile?.stopAbove ?? reconcileStopAbove
      }
      report = () => reportOf(head, run)
      const work = sweep({ core, connector }, run, now).pipe(
        Effect.flatMap(() => {
          const ended = conclude(core, run, head, now())
          report = () => ended
          return sayEnd(ended)
        }),
        Effect.ensuring(
          Effect.sync(() => {
            isRunning = false
            rests.openUnsafe()
          })
        )
      )
      isRunning = true
      rests.closeUnsafe()
      fork(work)
      return { _tag: "begun", report: reportOf(head, run) }
    }

    let ranAt = startedAt
    const untilChanged = Effect.map(changed.await, () => void (ranAt = now()))
    const scheduled = Effect.gen(function* () {
      yield* changed.close
      const rule = core.definition.reconcile
      if (rule === undefined || (rule.cron === undefined && rule.everyMillis === undefined)) return yield* untilChanged
      const wait = Math.max(0, nextRun(rule, ranAt) - now())
      const slept = Effect.as(Effect.sleep(Math.min(wait, reconcileSleepMillisMax)), "slept" as const)
      if ((yield* Effect.raceFirst(slept, untilChanged)) !== "slept" || wait > reconcileSleepMillisMax) return
      const started = begin({ by: "schedule", heal: "below" })
      if (started._tag === "refused")
        yield* Effect.logWarning(`channel ${core.definition.id} is not reconciled now: ${started.detail}`)
      else yield* rests.await
      ranAt = now()
    })
    yield* Effect.forkScoped(Effect.forever(scheduled))
    let rule = JSON.stringify(core.definition.reconcile)
    const redefined = () => {
      const next = JSON.stringify(core.definition.reconcile)
      if (next !== rule) changed.openUnsafe()
      rule = next
    }
    return { begin, refused, report: () => report(), redefined }
  })

/** Why no run can begin; undefined: it can. */
const refusalOf = (core: OutputCore, { descriptor, readBack }: ChannelConnector): string | undefined => {
  const { id } = core.definition
  if (readBack === undefined)
    return `${id} cannot be read back: its connector (${descriptor.kind}) has no way to ask what the channel shows`
  if (core.operation !== "running") return `${id} is ${core.operation}: it is asked nothing until it is resumed`
  return core.hasCaughtUp ? undefined : `${id} is still being told the newest stock of every SKU: try again shortly`
}

const sweep = ({ core, connector }: Surroundings, run: ReconciliationRun, now: () => number): Effect.Effect<void> =>
  Effect.gen(function* () {
    let pausedUntil = 0
    while (!run.isOver(now())) {
      const at = Math.max(core.leftover.at(now()), pausedUntil)
      const { batchMax, readMax = batchMax } = connector().descriptor
      const batch = at <= now() ? run.take(now(), readMax) : []
      if (batch.length > 0) pausedUntil = yield* readOnce(core, connector(), run, batch, now)
      else if (at <= now()) yield* Effect.sleep(reconcileSettleLookMillis)
      else yield* Effect.sleep(Math.min(Math.max(1, at - now()), reconcileLookMillis))
    }
    run.end(now())
  })

/** @returns until when the channel is to be asked nothing more, milliseconds since the epoch */
const readOnce = (
  core: OutputCore,
  connector: ChannelConnector,
  run: ReconciliationRun,
  batch: ReadonlyArray<Expectation>,
  now: () => number
): Effect.Effect<number> =>
  Effect.suspend(() => {
    const readAt = now()
    const gaveWay = Latch.makeUnsafe()
    run.reads += 1
    core.leftover.begin(readAt, () => gaveWay.openUnsafe())
    const limit = core.definition.timeoutMillis + connectorGraceMillis
    const skus = batch.map(({ listing }) => listing.sku)
    const call =
      connector.readBack === undefined
        ? Effect.succeed(unreachable("it can no longer be read back"))
        : connector.readBack(skus)
    return Effect.raceFirst(answered(call, limit, unreachable), Effect.as(gaveWay.await, undefined)).pipe(
      Effect.map((answer) => {
        if (answer === undefined) run.putBack(batch)
        else run.landed(batch, answer, readAt, now())
        return answer?._tag === "unreachable" ? now() + (answer.retryAfterMillis ?? reconcileRetryMillis) : 0
      }),
      Effect.onExit(() => Effect.sync(() => core.leftover.end()))
    )
  })

const conclude = (core: OutputCore, run: ReconciliationRun, head: Head, now: number): ReconciliationReport => {
  const stopped = head.heal === "below" && mustStop(run.counts, head.stopAbove)
  let healed = 0
  if (!stopped && head.heal !== "none")
    for (const { expectation, shown, readAt } of run.repairable()) {
      core.heal(expectation.listing, shown, readAt)
      if (expectation.listing.quarantine === undefined) healed += 1
    }
  return reportOf(head, run, { endedAt: now, stopped, healed })
}

const sayEnd = ({ channel, compared, discrepancies, healed, stopped }: ReconciliationReport): Effect.Effect<void> => {
  const said = `channel ${channel}: ${discrepancies} of ${compared} listings show what they were not told`
  if (stopped)
    return Effect.logWarning(
      `${said}: more than may be repaired by itself; holdfast channel reconcile ${channel} --heal does`
    )
  return discrepancies === 0 ? Effect.void : Effect.logInfo(`${said}; ${healed} are told again`)
}
