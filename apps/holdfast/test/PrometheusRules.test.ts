/** The rules of infra/prometheus by Prometheus' own grammar, against the closed list of metrics, the runbooks and the commands. */
import { parser } from "@prometheus-io/lezer-promql"
import { metric, prometheusLabel, prometheusSeries, type MetricDefinition } from "@holdfast/telemetry/MetricName"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { readAlertRules, type Rule } from "../src/checklist/AlertRules.ts"

const repository = join(import.meta.dirname, "../../..")

const definitions: ReadonlyArray<MetricDefinition> = Object.values(metric)
const bySeries = new Map(
  definitions.flatMap((definition) => prometheusSeries(definition).map((series) => [series, definition] as const))
)

/** Texts of the nodes of that name in an expression. */
const nodes = (expr: string, name: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  parser.parse(expr).iterate({
    enter: (node) => {
      if (node.name === name) found.push(expr.slice(node.from, node.to))
    }
  })
  return found
}

const hasError = (expr: string): boolean => {
  let isWrong = false
  parser.parse(expr).iterate({
    enter: (node) => {
      isWrong ||= node.type.isError
    }
  })
  return isWrong
}

/** Series of an expression, each with the labels that its matchers ask for. */
const selectors = (expr: string) =>
  nodes(expr, "VectorSelector").map((selector) => ({
    series: nodes(selector, "Identifier")[0] ?? selector.replace(/\{.*/s, "").trim(),
    labels: nodes(selector, "LabelName")
  }))

let rules: ReadonlyArray<Rule>
let recorded: ReadonlySet<string>

beforeAll(async () => {
  const read = await readAlertRules()
  expect(read.unreadable).toEqual([])
  rules = read.rules
  recorded = new Set(rules.flatMap(({ record }) => record ?? []))
})

const alerts = () => rules.filter(({ alert }) => alert !== undefined)

describe("rules for Prometheus", () => {
  it("are there", () => {
    expect(alerts().length).toBeGreaterThan(5)
    expect(recorded.size).toBeGreaterThan(5)
  })

  it("are expressions that Prometheus can read, and what is none is noticed", () => {
    expect(rules.filter(({ expr }) => hasError(expr)).map(({ expr }) => expr)).toEqual([])
    expect(hasError("sum by (a (rate(b[5m]))")).toBe(true)
  })

  it("read metrics of the closed list and what other rules record, nothing else", () => {
    const read = rules.flatMap(({ expr }) => selectors(expr).map(({ series }) => series))
    expect(read.length).toBeGreaterThan(20)
    expect(read.filter((series) => !bySeries.has(series) && !recorded.has(series))).toEqual([])
  })

  it("ask for attributes that the metric has", () => {
    const wrong = rules.flatMap(({ expr }) =>
      selectors(expr).flatMap(({ series, labels }) => {
        const known = bySeries.get(series)?.attributes.map(prometheusLabel) ?? ["stock_channel"]
        return labels.filter((label) => !known.includes(label)).map((label) => `${series}{${label}}`)
      })
    )
    expect(wrong).toEqual([])
    const grouped = rules.flatMap(({ expr }) =>
      nodes(expr, "GroupingLabels").flatMap((list) => nodes(`a{} + on ${list} b`, "LabelName"))
    )
    const all = new Set(definitions.flatMap(({ attributes }) => attributes.map(prometheusLabel)))
    expect(grouped.length).toBeGreaterThan(10)
    expect(grouped.filter((label) => !all.has(label))).toEqual([])
  })

  it("have a name of their own each, a severity, and a runbook that is there", () => {
    const names = alerts().map(({ alert }) => alert!)
    expect(new Set(names).size).toBe(names.length)
    for (const { alert, labels, annotations } of alerts()) {
      expect(["page", "ticket"], alert).toContain(labels?.["severity"])
      expect(annotations?.["runbook"], alert).toBe(`infra/runbooks/${alert}.md`)
      expect(existsSync(join(repository, annotations!["runbook"]!)), alert).toBe(true)
    }
    expect(readdirSync(join(repository, "infra/runbooks")).toSorted()).toEqual(
      names.map((name) => `${name}.md`).toSorted()
    )
  })

  it("page for burn rates over a long and a short window, by the objective that the channel has", () => {
    const fast = alerts().find(({ alert }) => alert === "StockSyncBudgetBurnFast")!.expr
    const bad = (window: string) => `channel:stock_sync_bad:ratio_rate${window}`
    expect(selectors(fast).map(({ series }) => series)).toEqual(expect.arrayContaining([bad("1h"), bad("5m")]))
    for (const { record, expr } of rules.filter((rule) => rule.record?.includes(":ratio_rate"))) {
      const window = record!.split("ratio_rate")[1]!
      expect(nodes(expr, "MatrixSelector").map((each) => each.slice(each.lastIndexOf("[")))).toEqual([
        `[${window}]`,
        `[${window}]`
      ])
    }
  })
})

/** Names of commands and of those below them, as their modules make them. */
const commandNames = (): ReadonlySet<string> => {
  const source = join(repository, "apps/holdfast/src")
  const modules = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith("Command.ts")
  )
  return new Set(
    modules.flatMap((file) =>
      [...readFileSync(join(source, file), "utf8").matchAll(/(?:Command\.make|[oO]perat\w*)\(\s*"([a-z-]+)"/g)].map(
        ([, name = ""]) => name
      )
    )
  )
}

describe("runbooks", () => {
  const files = readdirSync(join(repository, "infra/runbooks"))
  const textOf = (file: string) => readFileSync(join(repository, "infra/runbooks", file), "utf8")

  it("say what it means, what customers notice, what to look at and how to mend it", () => {
    const headings = ["What it means", "What customers notice", "What to look at", "How to mend it"]
    for (const file of files)
      expect(
        [...textOf(file).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading),
        file
      ).toEqual(headings)
  })

  it("name commands that exist", () => {
    const known = commandNames()
    expect([...known]).toEqual(expect.arrayContaining(["channel", "pause", "lift", "short"]))
    const named = files.flatMap((file) => [...textOf(file).matchAll(/`holdfast ([a-z]+)(?: ([a-z-]+))?[^`]*`/g)])
    expect(named.length).toBeGreaterThan(20)
    const isKnown = ([, command = "", sub]: ReadonlyArray<string | undefined>) =>
      known.has(command) && (sub === undefined || known.has(sub))
    expect(named.filter((each) => !isKnown(each)).map(([text]) => text)).toEqual([])
  })

  it("link to runbooks and files that exist", () => {
    for (const file of files)
      for (const [, target = ""] of textOf(file).matchAll(/\]\(([^)#]+)[^)]*\)/g))
        expect(existsSync(join(repository, "infra/runbooks", target)), `${file}: ${target}`).toBe(true)
  })
})
