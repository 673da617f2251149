/**
 * The rules for Prometheus that come with Holdfast: YAML files of the folder `infra` whose name says so.
 *
 * It does not know whether anybody has loaded them. A file that is no file of rules is told apart, and not read.
 */
import { Option, Schema } from "effect"
import { readdir, readFile } from "node:fs/promises"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"

const repository = fileURLToPath(new URL("../../../..", import.meta.url))

const isRuleFile = (name: string): boolean => /(alert|rule)[^/]*\.ya?ml$/i.test(name)

const Texts = Schema.Record(Schema.String, Schema.String)

const Rule = Schema.Struct({
  expr: Schema.String,
  record: Schema.optionalKey(Schema.String),
  alert: Schema.optionalKey(Schema.String),
  for: Schema.optionalKey(Schema.String),
  labels: Schema.optionalKey(Texts),
  annotations: Schema.optionalKey(Texts)
})
export type Rule = typeof Rule.Type

const decode = Schema.decodeUnknownOption(
  Schema.Struct({ groups: Schema.Array(Schema.Struct({ name: Schema.String, rules: Schema.Array(Rule) })) })
)

/** Files are paths from the repository's root. */
export interface AlertRules {
  readonly files: ReadonlyArray<string>
  /** files that are not rules */
  readonly unreadable: ReadonlyArray<string>
  readonly rules: ReadonlyArray<Rule>
}

const ruleFiles = async (infra: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(infra, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile() && isRuleFile(entry.name) && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

const rulesIn = async (path: string): Promise<ReadonlyArray<Rule> | undefined> => {
  try {
    const decoded = decode(parse(await readFile(path, "utf8")))
    return Option.getOrUndefined(decoded)?.groups.flatMap(({ rules }) => rules)
  } catch {
    return undefined
  }
}

/** Empty when there is no such folder. */
export const readAlertRules = async (infra = join(repository, "infra")): Promise<AlertRules> => {
  const read = await Promise.all(
    (await ruleFiles(infra)).map(async (path) => ({ file: relative(repository, path), rules: await rulesIn(path) }))
  )
  return {
    files: read.filter(({ rules }) => rules !== undefined).map(({ file }) => file),
    unreadable: read.filter(({ rules }) => rules === undefined).map(({ file }) => file),
    rules: read.flatMap(({ rules = [] }) => rules)
  }
}
