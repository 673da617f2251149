/** Map events that must trigger syncs and the systems responsible for emitting them. Pure. */
import { eventTypes } from "@holdfast/domain/EventManifest"
import type { EmitterReport } from "@holdfast/domain/SourceRegistry"
import { spanText, timeText } from "../terminal/TerminalText.ts"
import { listed, missing, note, ok, type ChecklistPoint, type Finding } from "./Finding.ts"

/** Minutes of silence in the line that is proposed: a day, which is to be changed by whoever knows the source. */
const silenceProposed = 24 * 60

const apply = "and: holdfast sources apply sources.json"

const typesOf = (rows: ReadonlyArray<EmitterReport>): ReadonlyArray<string> => [
  ...new Set(rows.map(({ type }) => type))
]

const wellFindings = (rows: ReadonlyArray<EmitterReport>): ReadonlyArray<Finding> => {
  const well = typesOf(rows.filter(({ status }) => status === "ok"))
  const unused = typesOf(rows.filter(({ status }) => status === "not used"))
  return [
    ...(well.length > 0
      ? [
          ok(
            `${well.length} of ${typesOf(rows).length} events have a declared emitter: ${listed(well, eventTypes.length)}`
          )
        ]
      : []),
    ...(unused.length > 0 ? [ok(`not used, as was declared: ${listed(unused, eventTypes.length)}`)] : [])
  ]
}

const emitterless = (rows: ReadonlyArray<EmitterReport>): ReadonlyArray<Finding> => {
  const types = typesOf(rows.filter(({ status }) => status === "no emitter"))
  if (types.length === 0) return []
  return [
    missing(
      types.length === typesOf(rows).length
        ? `nobody emits any of the ${types.length} events`
        : `nobody emits ${listed(types, eventTypes.length)}`,
      `say who will, in "sources" of sources.json, ${apply}`,
      JSON.stringify({ source: "name-of-the-system", types, silenceMinutes: silenceProposed }),
      'or that your business has no such thing, in "unused":',
      JSON.stringify({ types, note: "why" })
    )
  ]
}

/** A type that has a declared emitter is not without one because another system emits it too. */
const undeclared = (rows: ReadonlyArray<EmitterReport>): ReadonlyArray<Finding> => {
  const declared = new Set(rows.filter((row) => row.declared).map(({ type }) => type))
  const bySource = Map.groupBy(
    rows.filter(({ status }) => status === "undeclared"),
    ({ source }) => source
  )
  return [...bySource].map(([source, same]) => {
    const types = typesOf(same)
    const find = same.every(({ type }) => declared.has(type)) ? note : missing
    return find(
      `${source} emits ${listed(types, eventTypes.length)}, and was not declared`,
      `in "sources" of sources.json, ${apply}`,
      JSON.stringify({ source, types, silenceMinutes: silenceProposed })
    )
  })
}

const silent = (rows: ReadonlyArray<EmitterReport>, now: number): ReadonlyArray<Finding> =>
  rows.flatMap(({ status, source, type, silenceMinutes, lastSeenAt }) => {
    if (status === "silent" && silenceMinutes !== undefined && lastSeenAt !== undefined) {
      const silence = `${spanText(now - lastSeenAt)}, and ${spanText(silenceMinutes * 60_000)} are normal`
      return [
        missing(
          `${source} has not emitted ${type} since ${timeText(lastSeenAt)}: ${silence}`,
          `see whether ${source} runs and can publish; if such a silence is normal, raise its silenceMinutes in sources.json, ${apply}`
        )
      ]
    }
    if (status !== "never") return []
    return [
      missing(
        `${source} is to emit ${type}, and never did`,
        `let it publish to stock.events.${type}, or POST /v1/events, with "source":${JSON.stringify(source)}`
      )
    ]
  })

/** @param now milliseconds since the epoch */
export const triggerPoint = (emitters: ReadonlyArray<EmitterReport>, now: number): ChecklistPoint => ({
  name: "Every event that must trigger a sync has a system that emits it",
  findings: [...wellFindings(emitters), ...silent(emitters, now), ...undeclared(emitters), ...emitterless(emitters)]
})
