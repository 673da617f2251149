/**
 * The SKUs of one history: for each the state that the rules made, its ledger, and a judge of every decision.
 *
 * Guarantee: an event is told once, however often it comes, and a count is told what moved since, from the ledger alone.
 * Whether a decision is right, it leaves to the auditor.
 */
import type { AllocationPolicy } from "../AllocationPolicy.ts"
import { type GroupFates, noFates } from "../DueHolds.ts"
import { factsOf } from "../EventManifest.ts"
import type { LocationId, Sku } from "../Identity.ts"
import type { LineRequest } from "../LineRules.ts"
import type { ReservationAnswer } from "../Reservation.ts"
import type { StockChange } from "../StockChange.ts"
import type { SkuFact, StockEvent } from "../StockEvent.ts"
import { decide, evolve, type Decision, type StockCommand } from "../StockRules.ts"
import { emptyState, levelAt, type StockState } from "../StockState.ts"
import { home } from "./FactPostings.ts"
import { Inventories } from "./Inventories.ts"
import { StockAuditor } from "./StockAuditor.ts"
import type { WorkloadStep } from "./StockWorkload.ts"

/** A change, and when what it is about happened; a request and an expiry are about no fact. */
export interface Booked {
  readonly change: StockChange
  readonly time: number | undefined
}

export interface Shelved {
  readonly state: StockState
  readonly auditor: StockAuditor
  readonly ledger: Array<Booked>
}

/** What the groups of due holds say before anything of a SKU is decided. */
export type FatesOf = (state: StockState, now: number) => GroupFates

interface ShelfOptions {
  /** hears every answer to a request */
  readonly learn?: (answer: ReservationAnswer) => void
  /** from where channels' orders are served */
  readonly policies?: ReadonlyMap<string, AllocationPolicy>
  readonly fatesOf?: FatesOf
}

export class Shelf {
  readonly skus = new Map<Sku, Shelved>()
  /** events that came again */
  repeated = 0
  readonly inventories = new Inventories()
  private readonly heard = new Set<string>()
  private readonly learn: (answer: ReservationAnswer) => void

  private readonly policies: ReadonlyMap<string, AllocationPolicy>
  private readonly fatesOf: FatesOf

  constructor({ learn = () => undefined, policies = new Map(), fatesOf = () => noFates }: ShelfOptions = {}) {
    this.learn = learn
    this.policies = policies
    this.fatesOf = fatesOf
  }

  /** @throws AuditFailure */
  take(step: WorkloadStep): void {
    if (step._tag === "Event") this.hear(step.event, step.now)
    else if (step._tag === "Expire") this.tell(step.sku, { _tag: "Expire" }, step.now)
    else this.tell(step.sku, { _tag: "Request", request: step.request, unique: step.unique }, step.now)
  }

  /** A repeated event never reaches the rules: the ledger knows its id. */
  private hear(event: StockEvent, now: number): void {
    if (this.heard.has(event.id)) {
      this.repeated += 1
      return
    }
    this.heard.add(event.id)
    if (event.type === "count.physical") {
      for (const count of this.inventories.hear(event, (at) => this.keptAt(at))) this.hear(count, now)
    } else for (const fact of factsOf(event)) this.tell(fact.sku, this.commandOf(fact), now)
  }

  private keptAt(at: LocationId): ReadonlyArray<Sku> {
    return [...this.skus].flatMap(([sku, { state }]) => (levelAt(state, at) === undefined ? [] : [sku]))
  }

  private commandOf(fact: SkuFact): StockCommand {
    if (fact.type !== "count.cycle") return { _tag: "Fact", fact }
    const places = new Set(fact.data.lines.map((line) => line.locationId ?? home))
    const ledger = this.skus.get(fact.sku)?.ledger ?? []
    const movedSince = new Map<LocationId, number>()
    for (const at of places) {
      const since = ledger.filter(({ change, time }) => {
        return change.locationId === at && change.kind !== "count.cycle" && (time ?? 0) > fact.data.countedAt
      })
      movedSince.set(
        at,
        since.reduce((units, { change }) => units + change.onHand, 0)
      )
    }
    return { _tag: "Fact", fact, movedSince }
  }

  /** Asks a line of a group. */
  ask(sku: Sku, request: LineRequest, now: number): ReservationAnswer {
    return this.tell(sku, { _tag: "Line", request }, now).answer!
  }

  private tell(sku: Sku, command: StockCommand, now: number): Decision {
    const known = this.skus.get(sku) ?? {
      state: emptyState(sku),
      auditor: new StockAuditor(sku, this.policies),
      ledger: []
    }
    this.skus.set(sku, known)
    const fates = this.fatesOf(known.state, now)
    const decision = decide(known.state, command, now, (channel) => this.policies.get(channel ?? ""), fates)
    for (const change of decision.changes) evolve(known.state, change)
    const time = command._tag === "Fact" ? command.fact.time : undefined
    for (const change of decision.changes) known.ledger.push({ change, time })
    known.auditor.judge(command, now, decision, known.state, fates)
    if (decision.answer !== undefined) this.learn(decision.answer)
    return decision
  }
}
