/** How an operator names a timing model on the command line: `scheduled --cron "0 * * * *"`. Pure. */
import { Effect, Option } from "effect"
import { ChannelError } from "./ChannelEdit.ts"

const unitMillis: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A duration such as 250ms, 2s, 5m, 1h, 7d in milliseconds. Throws what is wrong with it. */
export const durationOf = (text: string): number => {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? []
  if (unit === undefined) throw new Error("must be a duration such as 250ms, 2s, 5m, 1h, 7d")
  return Number(count) * unitMillis[unit]!
}

/** @param millis a whole number */
export const durationText = (millis: number): string => {
  const unit = (["d", "h", "m", "s"] as const).find((each) => millis > 0 && millis % unitMillis[each]! === 0) ?? "ms"
  return `${millis / unitMillis[unit]!} ${unit === "m" ? "min" : unit}`
}

/** Names of the timing models as they are typed. */
export const timingNames = ["realtime", "near-realtime", "scheduled", "manual"] as const

export interface TimingFlags {
  readonly model: (typeof timingNames)[number]
  /** milliseconds */
  readonly window: Option.Option<number>
  readonly batch: Option.Option<number>
  readonly cron: Option.Option<string>
  readonly timeZone: Option.Option<string>
  /** milliseconds */
  readonly every: Option.Option<number>
}

const belongsTo = {
  window: "near-realtime",
  batch: "near-realtime",
  cron: "scheduled",
  timeZone: "scheduled",
  every: "scheduled"
} as const

const flagName = (flag: string): string => `--${flag === "timeZone" ? "time-zone" : flag}`

const given = <A>(name: string, value: Option.Option<A>) => (Option.isSome(value) ? { [name]: value.value } : {})

/** The timing as a definition has it, to be decoded with the rest. Fails with the flag that does not belong to the model. */
export const timingOf = (flags: TimingFlags): Effect.Effect<unknown, ChannelError> => {
  const { model, window, batch, cron, timeZone, every } = flags
  const all: Readonly<Record<string, Option.Option<unknown>>> = { window, batch, cron, timeZone, every }
  const stray = Object.entries(belongsTo).find(([name, owner]) => owner !== model && Option.isSome(all[name]!))
  if (stray !== undefined) {
    const detail = `${flagName(stray[0])} belongs to ${stray[1]}, not to ${model}`
    return Effect.fail(new ChannelError({ reason: "invalid", detail, errors: [] }))
  }
  switch (model) {
    case "near-realtime":
      return Effect.succeed({ model: "nearRealtime", ...given("windowMillis", window), ...given("batchSize", batch) })
    case "scheduled":
      return Effect.succeed({
        model,
        ...given("cron", cron),
        ...given("timeZone", timeZone),
        ...given("everyMillis", every)
      })
    case "realtime":
    case "manual":
      return Effect.succeed({ model })
  }
}
