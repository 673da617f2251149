/** The catalogue and the locations on the whole stack: by file, over HTTP, and as the stock then has them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { requestBytesMax } from "../src/catalogue/CatalogueLimit.ts"
import { connectTo, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

describe("the catalogue of a running stack", { timeout: 120_000 }, () => {
  let stack: StackProcess
  let client: StackClient
  let directory: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "catalogue-"))
    stack = StackProcess.make()
    client = await connectTo(await stack.start())
  })
  afterAll(async () => {
    await client?.close()
    await stack.remove()
    rmSync(directory, { recursive: true })
  })

  const file = (name: string, ...lines: ReadonlyArray<string>): string => {
    const path = join(directory, name)
    writeFileSync(path, lines.join("\n"))
    return path
  }

  const apply = (path: string, ...flags: ReadonlyArray<string>) => stack.command(["catalogue", "apply", path, ...flags])

  const page = async (query = "") =>
    (await (await fetch(`${client.httpUrl}/v1/catalogue${query}`)).json()) as {
      items: Array<Record<string, unknown>>
      next: string | null
    }

  const listed = async (query = "") =>
    (await page(query)).items.map(({ sku, locationId, safetyStock, name }) => [sku, locationId, safetyStock, name])

  const post = async (type: string, body: string, query = "") => {
    const response = await fetch(`${client.httpUrl}/v1/catalogue${query}`, {
      method: "POST",
      body,
      headers: { "content-type": type }
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  it("applies nothing of a file with a problem, and names all of them", async () => {
    const { code, stderr } = await apply(file("bad.csv", "sku,safety_stock", "MUG,5", "CUP,-1", ",2"))
    expect(code).toBe(1)
    expect(stderr).toContain("2 problems, nothing was applied")
    expect(stderr).toContain(
      'line 3, column safety_stock: must be a whole number from 0 to 1000000, got -1; it says "-1"'
    )
    expect(stderr).toContain("line 4, column sku: must not be empty")
    expect(await listed()).toEqual([])
  })

  it("says what it would change, changes it, and then has nothing to change", async () => {
    const items = file("items.csv", "sku,location,safety_stock,name", 'MUG,,5,"Mug, blue"', "CUP,,,", "MUG,north,2,")
    const dry = await apply(items, "--dry-run")
    expect(dry.code).toBe(0)
    expect(dry.stdout).toContain("new 3, changed 0, unchanged 0\nnothing was applied (dry run)")
    expect(await listed()).toEqual([])
    expect((await apply(items)).stdout).toContain("applied with 1 event")
    await untilDrained(client)
    expect(await listed()).toEqual([
      ["CUP", "main", 0, null],
      ["MUG", "main", 5, "Mug, blue"],
      ["MUG", "north", 2, "Mug, blue"]
    ])
    expect((await apply(items)).stdout).toContain("new 0, changed 0, unchanged 3\nnothing to do")
    const { stdout } = await stack.command(["catalogue", "list", "--location", "north"])
    expect(stdout).toMatch(/^SKU  LOCATION  SAFETY STOCK  SET +NAME\nMUG  north +2  20\S+Z  Mug, blue\n$/)
    const next = await stack.command(["catalogue", "list", "--json", "--limit", "1", "--after", "CUP"])
    expect(JSON.parse(next.stdout)).toHaveLength(2)
  })

  it("sets an earlier safety stock back, and keeps what a line does not name", async () => {
    for (const units of [8, 5]) {
      const changed = await apply(file("changed.csv", "sku,safety_stock", `MUG,${units}`), "--json")
      expect(JSON.parse(changed.stdout)).toMatchObject({ changed: 1, published: { events: 1, repeated: 0 } })
      await untilDrained(client)
      expect((await listed())[1]).toEqual(["MUG", "main", units, "Mug, blue"])
    }
    expect((await apply(file("named.csv", "sku,name", "MUG,Mug"))).stdout).toContain("names were written")
    expect((await listed())[1]).toEqual(["MUG", "main", 5, "Mug"])
  })

  it("takes the same over HTTP, as JSON lines or CSV", async () => {
    const lines = '{"sku":"POT","safetyStock":3,"name":"Pot"}\n{"sku":"MUG","locationId":"north","safetyStock":2}\n'
    const dry = await post("application/x-ndjson", lines, "?dryRun=true")
    expect(dry).toMatchObject({ status: 200, body: { dryRun: true, new: 1, changed: 0, unchanged: 1, events: 0 } })
    expect(await listed("?after=MUG")).toEqual([])
    expect(await post("application/x-ndjson", lines)).toMatchObject({ status: 200, body: { new: 1, events: 1 } })
    expect(await post("text/csv", "sku\nPAN\n")).toMatchObject({ status: 200, body: { new: 1, events: 1 } })
    await untilDrained(client)
    expect(await page("?limit=2&after=MUG")).toMatchObject({
      items: [
        { sku: "PAN", locationId: "main", safetyStock: 0, name: null },
        { sku: "POT", locationId: "main", safetyStock: 3, name: "Pot" }
      ],
      next: "POT"
    })
    expect(await page("?after=POT")).toEqual({ items: [], next: null })
  })

  it.each([
    ["an unknown content type", 415, "content-type", "text/plain", "x", ""],
    ["an unknown parameter", 422, "dryrun", "text/csv", "sku\nA", "?dryrun=true"],
    ["a wrong line", 422, "safetyStock", "application/json", '{"sku":"A","safetyStock":-1}', ""],
    ["nothing", 422, "header", "text/csv", "", ""],
    ["too much", 413, "body", "text/csv", " ".repeat(requestBytesMax + 1), ""]
  ])("refuses %s with %i, naming %s", async (_, status, field, type, body, query) => {
    expect(await post(type, body, query)).toMatchObject({ status, body: { errors: [{ field }] } })
  })

  it("registers locations from CSV and JSON, and says where else stock is kept", async () => {
    const locations = async (...args: ReadonlyArray<string>) => stack.command(["locations", ...args])
    expect((await locations("list")).stdout).toContain("not registered, and stock is kept there: main, north")
    const twice = await locations("apply", file("twice.json", '[{"id":"north"},{"id":"north"},{"id":""}]'))
    expect(twice).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("line 2, id: must be there once, it is on line 1")
    })
    expect(twice.stderr).toContain("line 3, id: must not be empty")
    const csv = file("locations.csv", "id,name", "north,North hall", "main,")
    expect((await locations("apply", csv, "--dry-run")).stdout).toContain(
      "new 2, changed 0, unchanged 0; nothing was applied"
    )
    expect((await locations("apply", csv)).stdout).toContain("new 2, changed 0, unchanged 0")
    expect((await locations("apply", file("other.json", '[{"id":"north","name":"Hall"}]'))).stdout).toContain(
      "North hall -> Hall"
    )
    const { stdout } = await locations("list", "--json")
    expect(JSON.parse(stdout)).toMatchObject({
      locations: [
        { id: "main", name: "main" },
        { id: "north", name: "Hall" }
      ],
      unregistered: []
    })
  })
})
