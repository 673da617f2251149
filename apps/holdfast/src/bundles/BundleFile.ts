/**
 * Reads a file of bundles: CSV with the columns `bundle`, `component`, `quantity`, one line for each component.
 *
 * Guarantee: what is returned is inside the limits and names a component once per bundle; otherwise there are problems, each with
 * its line. A bundle is all lines that name it, wherever they are.
 */
import type { WantedBundle } from "@holdfast/domain/BundlePlan"
import { Sku } from "@holdfast/domain/Identity"
import { bundleComponentsMax, lineQuantityMax } from "@holdfast/domain/Limit"
import { Effect, Result, Schema } from "effect"
import { readCsvRecords, type CsvRecord } from "../catalogue/CsvRecords.ts"
import { fileChunks, readingFile } from "../catalogue/FileChunks.ts"
import { LineProblems, refusedBy } from "../catalogue/LineProblems.ts"

const decodeSku = Schema.decodeUnknownResult(Sku)

type Components = WantedBundle["components"]

class BundleReader {
  readonly problems = new LineProblems()
  private readonly bundles = new Map<Sku, Array<Components[number]>>()

  readonly record = ({ line, cells }: CsvRecord): void => {
    const bundle = this.sku(line, "bundle", cells.get("bundle")!)
    const sku = this.sku(line, "component", cells.get("component")!)
    const written = cells.get("quantity") ?? "1"
    const quantity = Number(written)
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > lineQuantityMax)
      this.problems.add(line, "column quantity", `must be a whole number from 1 to ${lineQuantityMax}`, written)
    else if (bundle !== undefined && sku !== undefined) this.add(bundle, { line, sku, quantity })
  }

  private add(bundle: Sku, component: Components[number]): void {
    const { line, sku } = component
    const components = this.bundles.get(bundle) ?? []
    this.bundles.set(bundle, components)
    const earlier = components.find((one) => one.sku === sku)
    if (earlier !== undefined)
      return this.problems.add(
        line,
        "column component",
        `must be once in a bundle, it is on line ${earlier.line} already`,
        sku
      )
    if (components.length === bundleComponentsMax)
      return this.problems.add(line, "column bundle", `must have at most ${bundleComponentsMax} components`, bundle)
    components.push(component)
  }

  private sku(line: number, column: string, text: string): Sku | undefined {
    const decoded = decodeSku(text)
    if (Result.isSuccess(decoded)) return decoded.success
    this.problems.add(line, `column ${column}`, decoded.failure.message, text)
    return undefined
  }

  get read(): ReadonlyArray<WantedBundle> {
    return [...this.bundles].map(([bundle, components]) => ({ bundle, components }))
  }
}

/** Rejects with what the source threw. */
export const readBundleCsv = async (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => {
  const reader = new BundleReader()
  const shape = { required: ["bundle", "component"], optional: ["quantity"] }
  await readCsvRecords(chunks, shape, reader.problems, reader.record)
  if (reader.problems.count === 0 && reader.read.length === 0) reader.problems.add(1, "line", "must be at least one")
  return { bundles: reader.read, problems: reader.problems }
}

export const readBundleFile = Effect.fnUntraced(function* (path: string) {
  const { bundles, problems } = yield* readingFile(path, () => readBundleCsv(fileChunks(path)))
  return problems.count > 0 ? yield* refusedBy(path, problems) : bundles
})
