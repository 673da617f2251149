/** `npm run bench -- [--json] [scenario ...]`: see `scenarios` for what there is. */
import { constants } from "node:os"
import { parseArgs } from "node:util"
import { type BenchServers, startBenchServers } from "./BenchServers.ts"
import { type LinesScenario, measure, type Measurement, type Scenario } from "./Scenario.ts"
import { ailingScenario } from "./scenarios/Ailing.ts"
import { channelsScenario } from "./scenarios/Channels.ts"
import { deliverScenario } from "./scenarios/Deliver.ts"
import { drainScenario } from "./scenarios/Drain.ts"
import { hotReserveScenario } from "./scenarios/HotReserve.ts"
import { intakeScenario } from "./scenarios/Intake.ts"
import { lagBufferScenario } from "./scenarios/LagBuffer.ts"
import { multiReserveScenario } from "./scenarios/MultiReserve.ts"
import { memoryScenario } from "./scenarios/Memory.ts"
import { riskOrderScenario } from "./scenarios/RiskOrder.ts"
import { steadyScenario } from "./scenarios/Steady.ts"

const scenarios: ReadonlyArray<Scenario | LinesScenario> = [
  drainScenario,
  intakeScenario,
  steadyScenario,
  hotReserveScenario,
  multiReserveScenario,
  deliverScenario,
  channelsScenario,
  ailingScenario,
  memoryScenario,
  riskOrderScenario,
  lagBufferScenario
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } }
})

const usage = `npm run bench -- [--json] [scenario ...]

Measures on servers of its own, about a minute per scenario; without a name, all of them.
--json prints one JSON line per scenario on standard output.

${scenarios.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join("\n")}
`

const chosen = positionals.length === 0 ? scenarios : scenarios.filter(({ name }) => positionals.includes(name))
const unknown = positionals.filter((name) => !scenarios.some((scenario) => scenario.name === name))

const progress = (line: string): void => void process.stderr.write(`${line}\n`)

const table = (m: Measurement): string => {
  const tail = m.p50 === undefined ? "" : `  p50 ${m.p50} ms  p99 ${m.p99} ms  p99.9 ${m.p999} ms`
  const against = Object.entries(m.baseline).map(([name, value]) => `  ${m.ratio[name]}x ${name} (${value})`)
  const details = Object.entries(m.details ?? {}).map(([name, value]) => `\n${" ".repeat(13)}${name} ${value}`)
  return `${m.scenario.padEnd(12)} ${m.median} ${m.unit} [${m.min}..${m.max}]${tail}${against.join("")}${details.join("")}`
}

if (values.help) process.stdout.write(usage)
else if (unknown.length > 0) {
  process.stderr.write(`no such scenario: ${unknown.join(", ")}\n\n${usage}`)
  process.exitCode = 2
} else {
  let starting: Promise<BenchServers> | undefined
  const servers = () => (starting ??= startBenchServers(progress))
  let stopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return
    stopping = true
    progress("ending the servers and processes of the benchmark")
    void Promise.resolve(starting)
      .then((started) => started?.stop())
      .finally(() => process.exit(128 + constants.signals[signal]))
  }
  process.on("SIGINT", stop)
  process.on("SIGTERM", stop)
  try {
    for (const scenario of chosen) {
      const note = (text: string) => progress(`${scenario.name}: ${text}`)
      const lines =
        "lines" in scenario ? await scenario.lines(servers, note) : [await measure(scenario, await servers(), note)]
      for (const line of lines) process.stdout.write(`${values.json ? JSON.stringify(line) : table(line)}\n`)
    }
  } finally {
    await (await starting)?.stop()
  }
}
