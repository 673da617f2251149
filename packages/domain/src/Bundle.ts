/**
 * Bundles: SKUs without stock of their own, sold as one and made of components. What each is made of, as it was heard.
 *
 * 1. The last word by the event's time counts; of two of one time, the one that was heard later.
 * 2. A component may be a bundle itself, whose components are not: bundles are nested once, and never in a circle.
 * 3. Several ways to one SKU are one component, with the units of all ways together.
 * 4. A SKU that was a bundle once is remembered, with all that it was ever made of: orders keep what they were placed with.
 *
 * Guarantee: after the same definitions in the same order it is the same. Nothing that it was asked about is changed.
 */
import type { FieldError } from "./EventManifest.ts"
import type { Sku } from "./Identity.ts"
import { lineQuantityMax } from "./Limit.ts"
import type { BundleDefined } from "./StockEvent.ts"

/** Units of a SKU in one bundle. */
export interface Component {
  readonly sku: Sku
  readonly each: number
}

/** What was said of one bundle. No components at all: it is a bundle no more. */
export interface BundleDefinition {
  readonly bundle: Sku
  /** milliseconds since the epoch as of which it is said */
  readonly at: number
  /** grows with what is heard later */
  readonly serial: number
  readonly components: ReadonlyArray<{ readonly sku: Sku; readonly quantity: number }>
}

const none: ReadonlyArray<never> = []

interface Bundle {
  definition: BundleDefinition
  /** what it is made of now, or was last */
  parts: ReadonlyArray<Component>
  /** what it was ever made of, with the units that it had of each last */
  readonly ever: Map<Sku, number>
}

const isNewer = (one: BundleDefinition, other: BundleDefinition): boolean =>
  one.at > other.at || (one.at === other.at && one.serial > other.serial)

type Composition = (sku: Sku) => BundleDefinition["components"]

export class BundleBook {
  private readonly bundles = new Map<Sku, Bundle>()
  /** SKU -> bundles that are or were made of it, directly or through another */
  private readonly users = new Map<Sku, Set<Sku>>()

  /** SKUs that are or were bundles. */
  get size(): number {
    return this.bundles.size
  }

  get skus(): Iterable<Sku> {
    return this.bundles.keys()
  }

  /** Takes note of a definition that has no problems. */
  hear(definition: BundleDefinition): void {
    const { bundle } = definition
    const known = this.bundles.get(bundle)
    if (known !== undefined && isNewer(known.definition, definition)) return
    if (known === undefined) this.bundles.set(bundle, { definition, parts: none, ever: new Map() })
    else known.definition = definition
    for (const { sku } of definition.components) this.use(sku, bundle)
    this.remember(bundle)
    for (const user of this.users.get(bundle) ?? none) this.remember(user)
  }

  private use(sku: Sku, bundle: Sku): void {
    const users = this.users.get(sku)
    if (users === undefined) this.users.set(sku, new Set([bundle]))
    else users.add(bundle)
  }

  private remember(sku: Sku): void {
    const bundle = this.bundles.get(sku)!
    const leaves = this.leaves(sku)
    if (leaves.size === 0) return
    bundle.parts = [...leaves].map(([part, each]) => ({ sku: part, each }))
    for (const [part, each] of leaves) {
      bundle.ever.set(part, each)
      this.use(part, sku)
    }
  }

  private readonly composition: Composition = (sku) => this.bundles.get(sku)?.definition.components ?? none

  private leaves(bundle: Sku): ReadonlyMap<Sku, number> {
    const leaves = new Map<Sku, number>()
    const add = (sku: Sku, each: number) => leaves.set(sku, (leaves.get(sku) ?? 0) + each)
    for (const { sku, quantity } of this.composition(bundle)) {
      const inner = this.composition(sku)
      if (inner.length === 0) add(sku, quantity)
      for (const part of inner) add(part.sku, quantity * part.quantity)
    }
    return leaves
  }

  /** Whether it is a bundle now. */
  isBundle(sku: Sku): boolean {
    return this.composition(sku).length > 0
  }

  /** Whether it is a bundle, or was. */
  wasBundle(sku: Sku): boolean {
    return this.bundles.has(sku)
  }

  /** What it is made of, nested bundles resolved; what it was made of last when it is a bundle no more. */
  componentsOf(sku: Sku): ReadonlyArray<Component> {
    return this.bundles.get(sku)?.parts ?? none
  }

  /** All that it was ever made of, with the units that it had of each last. */
  everOf(sku: Sku): ReadonlyArray<Component> {
    const ever = this.bundles.get(sku)?.ever
    return ever === undefined ? none : [...ever].map(([part, each]) => ({ sku: part, each }))
  }

  /** What was said of it last; undefined when nobody ever said that it is a bundle. */
  definitionOf(sku: Sku): BundleDefinition | undefined {
    return this.bundles.get(sku)?.definition
  }

  /** Bundles that are made of it now, directly or through another. */
  bundlesOf(sku: Sku): ReadonlyArray<Sku> {
    return [...(this.users.get(sku) ?? none)].filter((bundle) => this.isMadeOf(bundle, sku))
  }

  private isMadeOf(bundle: Sku, sku: Sku): boolean {
    const components = this.composition(bundle)
    return components.some((one) => one.sku === sku || this.composition(one.sku).some((inner) => inner.sku === sku))
  }

  /** Grows whenever what it is made of changes: the latest of its own definition and those of the bundles inside. */
  serialOf(bundle: Sku): number {
    const own = this.bundles.get(bundle)?.definition
    if (own === undefined) return 0
    return Math.max(own.serial, ...own.components.map(({ sku }) => this.bundles.get(sku)?.definition.serial ?? 0))
  }

  /** What is wrong with definitions in view of each other and of the others. @param at milliseconds since the epoch */
  problemsOf({ lines }: BundleDefined, at: number): ReadonlyArray<FieldError> {
    const said = new Map(lines.map((line) => [line.sku, line.components] as const))
    const isLast = (sku: Sku): boolean => (this.bundles.get(sku)?.definition.at ?? 0) <= at
    const composition: Composition = (sku) => (isLast(sku) ? said.get(sku) : undefined) ?? this.composition(sku)
    const saidUsers = Map.groupBy(
      lines.flatMap(({ sku: bundle, components }) => components.map(({ sku }) => ({ sku, bundle }))),
      ({ sku }) => sku
    )
    const userOf = (sku: Sku): Sku | undefined =>
      [...(this.users.get(sku) ?? none), ...(saidUsers.get(sku)?.map(({ bundle }) => bundle) ?? none)].find(
        (one) => one !== sku && composition(one).some((component) => component.sku === sku)
      )
    return lines.flatMap((line, i) => {
      const field = `data.lines[${i}]`
      if (lines.findIndex(({ sku }) => sku === line.sku) < i)
        return [{ field: `${field}.sku`, message: `must be once in an event, ${line.sku} is there already` }]
      return problemsOfLine(line, field, composition, userOf(line.sku))
    })
  }
}

/** @param user a bundle that has this one as a component */
const problemsOfLine = (
  { sku: bundle, components }: BundleDefined["lines"][number],
  field: string,
  composition: Composition,
  user: Sku | undefined
): ReadonlyArray<FieldError> =>
  components.flatMap(({ sku, quantity }, j): ReadonlyArray<FieldError> => {
    const at = `${field}.components[${j}]`
    const wrong = (message: string) => [{ field: `${at}.sku`, message }]
    if (sku === bundle) return wrong(`must not be the bundle itself`)
    if (components.findIndex((one) => one.sku === sku) < j)
      return wrong(`must be once in a bundle, ${sku} is there already`)
    const inner = composition(sku)
    if (inner.some((part) => part.sku === bundle)) return wrong(`must not be made of the bundle itself, as ${sku} is`)
    const deep = inner.find((part) => composition(part.sku).length > 0)
    if (deep !== undefined) return wrong(`must not be a bundle of bundles: ${sku} has ${deep.sku} in it`)
    if (inner.length > 0 && user !== undefined)
      return wrong(`must not be a bundle, as ${bundle} is in bundle ${user}: bundles are nested once`)
    const most = Math.max(0, ...inner.map((part) => part.quantity * quantity))
    return most > lineQuantityMax
      ? [{ field: `${at}.quantity`, message: `must come to at most ${lineQuantityMax} units of each SKU, got ${most}` }]
      : []
  })
