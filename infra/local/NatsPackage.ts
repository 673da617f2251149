/**
 * nats-server from Debian's packages, for a Debian whose own suite has one that is too old.
 *
 * Guarantee: nothing is installed and nothing of the system changes. apt works with lists, cache and configuration of
 * its own in a private directory, verifies signatures as always, and needs no root. The mirror is the one that this
 * machine's apt is configured with; where there is none, this source is not available.
 */
import { Effect } from "effect"
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NatsVersion from "./NatsVersion.ts"
import { run } from "./RunCommand.ts"

/** Newest stable first. */
const suites = ["trixie", "forky", "sid"] as const

const keyrings = [
  "/usr/share/keyrings/debian-archive-keyring.pgp",
  "/usr/share/keyrings/debian-archive-keyring.gpg"
] as const

/** Downloads and unpacks the package into `directory`; gives the path of the binary. */
export const download = Effect.fn("NatsPackage.download")(function* (
  directory: string,
  onProgress: (line: string) => void
) {
  const mirror = yield* findMirror
  const misses: Array<string> = []
  for (const suite of suites) {
    onProgress(`looking for nats-server in Debian ${suite}`)
    const found = yield* fromSuite(join(directory, suite), mirror, suite, onProgress).pipe(Effect.result)
    if (found._tag === "Success") return found.success
    misses.push(`${suite}: ${found.failure.message}`)
  }
  return yield* Effect.fail(new Error(misses.join("; ")))
})

const findMirror = Effect.gen(function* () {
  const targets = yield* run("apt-get", [
    "indextargets",
    "--format",
    "$(ORIGIN) $(COMPONENT) $(REPO_URI)",
    "Created-By: Packages"
  ]).pipe(
    Effect.mapError((error) => new Error(error.message.includes("ENOENT") ? "this machine has no apt" : error.message))
  )
  const lines = targets.split("\n").filter((line) => line.startsWith("Debian main ") && !line.includes("security"))
  const mirror = lines[0]?.split(" ")[2]
  if (mirror === undefined)
    return yield* Effect.fail(new Error("apt knows no Debian mirror here (run apt-get update once)"))
  return mirror
})

const fromSuite = Effect.fnUntraced(function* (
  directory: string,
  mirror: string,
  suite: string,
  onProgress: (line: string) => void
) {
  const configFile = privateApt(directory, mirror, suite)
  const apt = (tool: string, ...args: ReadonlyArray<string>) =>
    run(tool, ["-c", configFile, ...args], { cwd: directory })
  yield* apt("apt-get", "-q", "update")
  const version = yield* candidate(yield* apt("apt-cache", "policy", "nats-server"))
  onProgress(`downloading nats-server ${version} from Debian ${suite}`)
  yield* apt("apt-get", "-q", "download", "nats-server")
  const file = readdirSync(directory).find((name) => name.endsWith(".deb"))
  if (file === undefined) return yield* Effect.fail(new Error("apt downloaded nothing"))
  const unpacked = join(directory, "unpacked")
  yield* run("dpkg-deb", ["-x", join(directory, file), unpacked])
  const binary = ["usr/sbin", "usr/bin"]
    .map((bin) => join(unpacked, bin, "nats-server"))
    .find((path) => existsSync(path))
  return binary ?? (yield* Effect.fail(new Error(`${file} holds no nats-server`)))
})

/** Only a package that is new enough is downloaded: the lists alone say its version. */
const candidate = (policy: string): Effect.Effect<string, Error> => {
  const text = /Candidate: (\S+)/.exec(policy)?.[1]
  const version = text === undefined ? undefined : NatsVersion.parse(text)
  if (version === undefined) return Effect.fail(new Error("has no nats-server"))
  if (!NatsVersion.isSupported(version)) return Effect.fail(new Error(`has only ${NatsVersion.format(version)}`))
  return Effect.succeed(NatsVersion.format(version))
}

const privateApt = (directory: string, mirror: string, suite: string): string => {
  for (const part of ["lists/partial", "cache/archives/partial", "empty"])
    mkdirSync(join(directory, part), { recursive: true })
  const keyring = keyrings.find((path) => existsSync(path))
  const options = keyring === undefined ? "" : `[signed-by=${keyring}] `
  writeFileSync(join(directory, "sources.list"), `deb ${options}${mirror} ${suite} main\n`)
  writeFileSync(join(directory, "status"), "")
  const configFile = join(directory, "apt.conf")
  writeFileSync(configFile, configuration(directory))
  return configFile
}

/** Hooks of the system are cleared because they would act on the system; the sandbox user could not write here. */
const configuration = (directory: string): string =>
  `Dir::State ${JSON.stringify(directory)};
Dir::State::lists ${JSON.stringify(join(directory, "lists"))};
Dir::State::status ${JSON.stringify(join(directory, "status"))};
Dir::Cache ${JSON.stringify(join(directory, "cache"))};
Dir::Etc::sourcelist ${JSON.stringify(join(directory, "sources.list"))};
Dir::Etc::sourceparts ${JSON.stringify(join(directory, "empty"))};
Dir::Etc::preferences ${JSON.stringify(join(directory, "none"))};
Dir::Etc::preferencesparts ${JSON.stringify(join(directory, "empty"))};
APT::Sandbox::User "root";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
`
