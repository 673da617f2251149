/**
 * Goal: the examples for developers of other services do what they say. Method: each runs as a newcomer would start it, against
 * a whole instance; what it led to is read from the database. Languages that are not on this machine are skipped, by name.
 */
import { spawn, spawnSync } from "node:child_process"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { RunningInstance } from "../src/RunningInstance.ts"
import { connectTo, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

const file = (path: string) => join(import.meta.dirname, "../api/examples", path)

interface Example {
  readonly name: string
  /** what must be on the machine */
  readonly tool: readonly [command: string, ...args: ReadonlyArray<string>]
  readonly command: readonly [command: string, ...args: ReadonlyArray<string>]
}

const examples: ReadonlyArray<Example> = [
  {
    name: "typescript",
    tool: [process.execPath, "--version"],
    command: [process.execPath, file("typescript/shop.ts")]
  },
  { name: "python", tool: ["python3", "--version"], command: ["python3", "-B", file("python/shop.py")] },
  { name: "go", tool: ["go", "version"], command: ["go", "run", file("go/shop.go")] },
  { name: "curl", tool: ["curl", "--version"], command: ["sh", file("shell/shop-curl.sh")] },
  { name: "nats", tool: ["nats", "--version"], command: ["sh", file("shell/shop-nats.sh")] }
]

const isHere = ([command, ...args]: Example["tool"]): boolean => spawnSync(command, args).status === 0

/** Resolves with what it printed, once it ended well. */
const run = ({ command: [command, ...args] }: Example, name: string, env: NodeJS.ProcessEnv): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, [...args, name], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    let output = ""
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.once("error", reject)
    child.once("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`ended with ${code}:\n${output}`))))
  })

describe("the examples", () => {
  let stack: StackProcess
  let instance: RunningInstance
  let client: StackClient
  beforeAll(async () => {
    stack = StackProcess.make()
    instance = await stack.start()
    client = await connectTo(instance)
  })
  afterAll(async () => {
    await client?.close()
    await stack?.remove()
  })

  it.for(examples)("in $name", { timeout: 120_000 }, async (example, { skip }) => {
    const [command] = example.tool
    if (!isHere(example.tool)) process.stderr.write(`the example in ${example.name} is skipped: no ${command} here\n`)
    skip(!isHere(example.tool), `no ${command} here`)

    const env = { NATS_URL: instance.natsUrl, HOLDFAST_URL: instance.httpUrl }
    const output = await run(example, example.name, env)

    const lines = output.trimEnd().split("\n").join(" ")
    for (const word of ["granted", "confirmed", "denied", "insufficient_stock"]) expect(lines).toContain(word)
    const stock = await client.sql`
      select on_hand, committed, held from stock_level where sku = ${`MUG-${example.name}`}`
    expect(stock).toEqual([{ on_hand: 10, committed: 3, held: 0 }])
    expect(await client.sql`select reason, detail from parked`).toEqual([])

    // a second run says the same again: it changes nothing, and hears the same
    await run(example, example.name, env)
    expect(
      await client.sql`select on_hand, committed, held from stock_level where sku = ${`MUG-${example.name}`}`
    ).toEqual(stock)
  })
})
