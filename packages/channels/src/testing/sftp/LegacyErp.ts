/**
 * A system that takes files of quantities: reads each with parsers that are not ours, once per file name, as soon as it is there.
 *
 * Guarantee: what it shows is what the newest file by name said of a listing. Files that it cannot read make it throw.
 */
import { parse } from "csv-parse/sync"
import x12 from "node-x12"
import { type SftpServer, makeSftpServer } from "./SftpServer.ts"
import { Effect, type Scope } from "effect"

interface Line {
  readonly sku: string
  readonly quantity: number
}

const linesOfCsv = (text: string): ReadonlyArray<Line> =>
  parse(text)
    .slice(1)
    .map(([sku, quantity]) => ({ sku: sku!, quantity: Number(quantity) }))

/** The LIN loops of an 846; throws when an envelope's count or control number is wrong. */
export const linesOf846 = (text: string): ReadonlyArray<Line> => {
  const read = new x12.X12Parser(true).parse(text)
  if (!(read instanceof x12.X12Interchange)) throw new Error("not one interchange")
  const { segments } = read.functionalGroups[0]!.transactions[0]!
  return segments.flatMap(({ tag, elements }, i) =>
    tag === "LIN" ? [{ sku: elements[2]!.value, quantity: Number(segments[i + 1]!.elements[1]!.value) }] : []
  )
}

export interface LegacyErp {
  readonly server: SftpServer
  readonly shown: ReadonlyMap<string, number>
  /** lines that it has taken in */
  readonly applied: () => number
}

export const inDirectory = "/erp/in"
export const outDirectory = "/erp/out"
export const stockPath = `${outDirectory}/stock.csv`

export const makeLegacyErp: Effect.Effect<LegacyErp, never, Scope.Scope> = Effect.gen(function* () {
  const shown = new Map<string, number>()
  const taken = new Set<string>()
  let applied = 0
  const take = (path: string, bytes: Buffer) => {
    if (!path.startsWith(`${inDirectory}/`) || taken.has(path)) return
    taken.add(path)
    const read = path.endsWith(".csv") ? linesOfCsv : linesOf846
    for (const { sku, quantity } of read(bytes.toString())) {
      shown.set(sku, quantity)
      applied += 1
    }
    const rows = [...shown].map(([sku, quantity]) => `"${sku.replaceAll('"', '""')}",${quantity}\n`)
    server.put(stockPath, `sku,quantity\n${rows.join("")}`)
  }
  const server = yield* makeSftpServer([inDirectory, outDirectory], take)
  return { server, shown, applied: () => applied }
})
