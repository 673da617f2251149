/**
 * The four points of the beginner's checklist for inventory sync, judged on what is declared, configured and measured.
 *
 * Guarantee: it only reads. What cannot be known is missing, not ok.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { currentChannels } from "@holdfast/ledger/ChannelDefinitions"
import { Database, query } from "@holdfast/ledger/Database"
import { listLocations, unregisteredLocations } from "@holdfast/ledger/Locations"
import { countWaiting } from "@holdfast/ledger/Parked"
import { reservationUse } from "@holdfast/ledger/ReservationUse"
import { lastVerification } from "@holdfast/ledger/Verification"
import { Effect, Schema } from "effect"
import { runningInstance } from "../RunningInstance.ts"
import { sourceReport } from "../sources/SourceReport.ts"
import { readAlertRules } from "./AlertRules.ts"
import { channelPoint } from "./ChannelPoint.ts"
import type { ChecklistPoint } from "./Finding.ts"
import { InstanceSettings } from "./InstanceSettings.ts"
import { monitoringPoint } from "./MonitoringPoint.ts"
import { reservationPoint } from "./ReservationPoint.ts"
import { triggerPoint } from "./TriggerPoint.ts"

/** How far back orders are looked at: a week has its weekend. */
const days = 7

/** Unregistered locations that are asked for; the text names fewer. */
const locationsMax = 100

/** What the running instance was started with; undefined when none runs here, or one of another version. */
const settings = Effect.gen(function* () {
  const instance = yield* runningInstance
  return yield* Schema.decodeUnknownEffect(InstanceSettings)(instance.settings)
}).pipe(Effect.orElseSucceed(() => undefined))

/** @param given channels of a file, which are judged instead of those that are known */
export const checklist = Effect.fn("Checklist.checklist")(function* (
  given: ReadonlyArray<ChannelDefinition> | undefined
) {
  const { sql } = yield* Database
  const started = yield* settings
  const channels = given ?? (yield* query(() => currentChannels(sql))).map(({ definition }) => definition)
  const { now, emitters } = yield* sourceReport()
  const [locations, unregistered, parked, use, verification] = yield* query(() =>
    Promise.all([
      listLocations(sql),
      unregisteredLocations(sql, locationsMax),
      countWaiting(sql),
      reservationUse(sql, days),
      lastVerification(sql)
    ])
  )
  const alertRules = yield* Effect.promise(() => readAlertRules())
  const registeredLocations = new Set(locations.map(({ id }) => id))
  return [
    channelPoint({ channels, registeredLocations, unregisteredLocations: unregistered }),
    triggerPoint(emitters, now),
    monitoringPoint({
      tracing: started?.tracing,
      metrics: started?.metrics,
      channels,
      verification,
      parked,
      alertRules,
      now
    }),
    reservationPoint({ channels, use, days })
  ] satisfies ReadonlyArray<ChecklistPoint>
})
