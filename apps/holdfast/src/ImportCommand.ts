/**
 * `holdfast import online-retail <csv>`: publishes the events of a recorded month of a real shop at the front door.
 *
 * Guarantee: the file is read and checked as a whole before anything is published; importing it twice changes nothing. It
 * exits when the last event is stored in EVENTS, not when the engine has applied it.
 */
import type { BusError } from "@holdfast/bus/BusError"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { Console, Effect, Fiber, type Layer, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { publishEvents, type PublishTotals } from "./retail/EventPublisher.ts"
import { openingEvents, salesEvents } from "./retail/OnlineRetail.ts"
import { readRetailCsv } from "./retail/RetailCsv.ts"
import { summaryOf, summaryText } from "./retail/RetailSummary.ts"

const day = 24 * 60 * 60 * 1000

const Rate = Schema.Number.check(
  Schema.makeFilter((n: number) =>
    n > 0 && n <= 100_000 ? undefined : `must be above 0 and at most 100000 events per second, got ${n}`
  )
)

const flags = {
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Read and count, publish nothing"),
    Flag.withDefault(false)
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("Print the summary as one line of JSON"),
    Flag.withDefault(false)
  ),
  from: Flag.Date("from").pipe(
    Flag.withDescription("First day to publish, such as 2011-11-29; the opening stock is always published"),
    Flag.optional
  ),
  to: Flag.Date("to").pipe(Flag.withDescription("Last day to publish, included"), Flag.optional),
  rate: Flag.Finite("rate").pipe(
    Flag.withDescription("Most events per second; as fast as possible when absent"),
    Flag.withSchema(Rate),
    Flag.optional
  )
}

/** Whole days; the opening stock is that of the whole file, so that windows of one file can be imported one by one. */
const inWindow = (from: Option.Option<Date>, to: Option.Option<Date>) => (event: StockEvent) =>
  event.time >= Option.match(from, { onNone: () => -Infinity, onSome: (date) => date.getTime() }) &&
  event.time < Option.match(to, { onNone: () => Infinity, onSome: (date) => date.getTime() + day })

interface Progress {
  stored: number
  readonly total: number
  readonly lines: ReadonlyArray<number>
}

/** Lines of the first n events, for every n. */
const runningLines = (events: ReadonlyArray<StockEvent>): ReadonlyArray<number> => {
  let sum = 0
  return [0, ...events.map((event) => (sum += event.data.lines.length))]
}

const reportProgress = Effect.fn("ImportCommand.reportProgress")(function* (progress: Progress) {
  const inPlace = process.stderr.isTTY === true
  const started = performance.now()
  const show = Effect.sync(() => {
    const { stored, total, lines } = progress
    const rate = stored / ((performance.now() - started) / 1_000)
    const left = rate > 0 ? `${Math.ceil((total - stored) / rate)} s left` : "starting"
    const text = `${stored}/${total} events, ${lines[stored]} lines, ${Math.round(rate)} events/s, ${left}`
    process.stderr.write(inPlace ? `\r\u001b[K${text}` : `${text}\n`)
  })
  const clear = Effect.sync(() => (inPlace ? process.stderr.write("\r\u001b[K") : false))
  yield* Effect.sleep(inPlace ? "200 millis" : "5 seconds").pipe(
    Effect.andThen(show),
    Effect.forever,
    Effect.ensuring(clear)
  )
})

/** Opening receipts are stored before the first sale goes out: a sale of an unknown SKU would be parked. */
const publishAll = Effect.fn("ImportCommand.publishAll")(function* (
  opening: ReadonlyArray<StockEvent>,
  sales: ReadonlyArray<StockEvent>,
  rate: number | undefined
) {
  const { manager } = yield* NatsConnection
  yield* ensureStreams(manager)
  const all = [...opening, ...sales]
  const progress: Progress = { stored: 0, total: all.length, lines: runningLines(all) }
  const reporter = yield* Effect.forkChild(reportProgress(progress))
  const stored = () => (progress.stored += 1)
  const first = yield* publishEvents(opening, { rate, onStored: stored })
  const rest = yield* publishEvents(sales, { rate, onStored: stored })
  yield* Fiber.interrupt(reporter)
  return {
    events: first.events + rest.events,
    repeated: first.repeated + rest.repeated,
    seconds: first.seconds + rest.seconds
  } satisfies PublishTotals
})

const onlineRetail = <E, R>(nats: Layer.Layer<NatsConnection, E, R>) =>
  Command.make(
    "online-retail",
    {
      csv: Argument.File("csv", { mustExist: true }).pipe(
        Argument.withDescription("CSV file of the data set, plain or .gz")
      ),
      ...flags
    },
    Effect.fn("ImportCommand.onlineRetail")(function* ({ csv, dryRun, json, from, to, rate }) {
      const sales = salesEvents(yield* readRetailCsv(csv))
      const opening = openingEvents(sales)
      const chosen = sales.filter(inWindow(from, to))
      const summary = summaryOf([...opening, ...chosen])
      const published = dryRun
        ? undefined
        : yield* publishAll(opening, chosen, Option.getOrUndefined(rate)).pipe(Effect.provide(nats))
      yield* Console.log(
        json ? JSON.stringify({ ...summary, published: published ?? null }) : summaryText(summary, published)
      )
    })
  ).pipe(Command.withDescription("Publish the events of the data set Online Retail (UCI)"))

/** @param nats connects when there is something to publish: a dry run needs no server */
export const importCommand = <E = BusError, R = never>(nats: Layer.Layer<NatsConnection, E, R>) =>
  Command.make("import").pipe(
    Command.withDescription("Publish recorded events"),
    Command.withSubcommands([onlineRetail(nats)])
  )
