/**
 * The alert rules that come with Holdfast: YAML files of the folder `infra` whose name says so.
 *
 * It does not know whether anybody has loaded them.
 */
import { readdir } from "node:fs/promises"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const repository = fileURLToPath(new URL("../../../..", import.meta.url))

const isRuleFile = (name: string): boolean => /(alert|rule)[^/]*\.ya?ml$/i.test(name)

/** Paths from the repository's root; none when there is no such folder. */
export const alertRuleFiles = async (infra = join(repository, "infra")): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(infra, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile() && isRuleFile(entry.name) && !entry.parentPath.includes("node_modules"))
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)))
    .toSorted()
}
