/**
 * Load on a stack that is being killed: workers that publish events and make reservations, one thing at a time each, and
 * repeat it under the same id or key until it is acknowledged or answered.
 *
 * Guarantee: with one seed every worker does the same things in the same order, whatever happens to the stack. When
 * `finish` resolves, everything that was begun is booked: nothing is in doubt.
 */
import { eventSubject, requestSubject } from "@holdfast/bus/Subject"
import { Random } from "@holdfast/domain/testing/Random"
import type { StackClient } from "../StackClient.ts"
import { DriverBooks, type DriverEvent } from "./DriverBooks.ts"

export const driverSource = "crash-driver"

/** Workers of each kind: enough that something is under way in every stage at any moment. */
const workersOfAKind = 8

/** Milliseconds: to wait for an answer, and between two attempts while nobody is there. */
const answerMillis = 1_500
const pauseMillis = 20

/** Most milliseconds between two steps of a worker: without it the events that pile up during a kill take longer than the test. */
const thinkMillisMax = 10

/** Ordered and cancelled as facts, into the negative if it comes so. */
const plentiful = Array.from({ length: 30 }, (_, i) => `PLENTY-${i}`)
/** Only ever taken by reservations, of which there are more than units. */
export const scarce = Array.from({ length: 6 }, (_, i) => `SCARCE-${i}`)

const long = 60 * 60 * 1_000
const short = 400

interface Granted {
  readonly status: "granted"
  readonly reservationId: string
  readonly quantity: number
}

export class LoadDriver {
  readonly books = new DriverBooks()
  readonly figures = {
    acknowledged: 0,
    republished: 0,
    duplicates: 0,
    answered: 0,
    granted: 0,
    denied: 0,
    unknown: 0,
    busy: 0,
    silent: 0
  }
  private readonly seed: number
  /** the stack that is there now; pending while there is none */
  private client = Promise.withResolvers<StackClient>()
  private finishing = false
  private workers: ReadonlyArray<Promise<void>> = []
  private failure: unknown

  constructor(seed: number) {
    this.seed = seed
  }

  use(client: StackClient): void {
    this.client.resolve(client)
  }

  lose(): void {
    this.client = Promise.withResolvers()
  }

  /** Puts units on the shelves: what was never received can be neither ordered nor reserved. */
  open(): Promise<void> {
    const of = (skus: ReadonlyArray<string>, quantity: number) => skus.map((sku) => ({ sku, quantity }))
    // so few that some are denied, also where a slow machine answers few requests
    const lines = [...of(plentiful, 20), ...of(scarce, 6)]
    return this.publish({ id: "opening", type: "goods.received", data: { putaway: "done", lines } })
  }

  /** Lets the workers loose. */
  start(): void {
    this.workers = Array.from({ length: 2 * workersOfAKind }, (_, i) => this.work(i))
  }

  /** Things done so far. Throws what a worker failed with. */
  done(): number {
    if (this.failure !== undefined) throw this.failure
    return this.figures.acknowledged + this.figures.answered
  }

  /** Lets every worker end what it does. */
  async finish(): Promise<void> {
    this.finishing = true
    await Promise.all(this.workers)
    this.done()
  }

  /** Publishes until it is acknowledged; books it. */
  async publish(event: DriverEvent): Promise<void> {
    const { id, type, data } = event
    const payload = JSON.stringify({ source: driverSource, id, data })
    for (let attempt = 0; ; attempt++) {
      if (attempt > 0) this.figures.republished += 1
      const ack = await this.attempt(({ nats }) =>
        nats.jetstream.publish(eventSubject(type), payload, { msgID: id, timeout: answerMillis })
      )
      if (ack === undefined) continue
      if (ack.duplicate) this.figures.duplicates += 1
      this.books.bookEvent(event)
      this.figures.acknowledged += 1
      return
    }
  }

  /** Asks until it is answered. */
  async ask(
    verb: "reserve" | "confirm" | "release",
    request: { readonly key: string }
  ): Promise<Record<string, unknown>> {
    const body = JSON.stringify(request)
    for (;;) {
      const message = await this.attempt(({ nats }) =>
        nats.connection.request(requestSubject(verb), body, { timeout: answerMillis })
      )
      if (message === undefined) {
        this.figures.silent += 1
        continue
      }
      const answer = message.string()
      const parsed = JSON.parse(answer) as Record<string, unknown>
      const { status } = parsed
      if (status === "unknown" || status === "busy") {
        this.figures[status] += 1
        await pause()
        continue
      }
      this.books.answers.set(request.key, { verb, body, answer })
      this.figures.answered += 1
      return parsed
    }
  }

  private async attempt<A>(use: (client: StackClient) => Promise<A>): Promise<A | undefined> {
    const client = await this.client.promise
    try {
      return await use(client)
    } catch {
      await pause()
      return undefined
    }
  }

  private async work(number: number): Promise<void> {
    const random = new Random(this.seed * 1_000 + number)
    const step = number % 2 === 0 ? this.eventStep(random, number) : this.reservationStep(random, number)
    try {
      for (let i = 0; !this.finishing; i++) {
        await step(i)
        await pause(random.whole(0, thinkMillisMax))
      }
    } catch (cause) {
      this.failure = cause
    }
  }

  private eventStep(random: Random, worker: number) {
    const orders: Array<{ readonly orderId: string; readonly sku: string }> = []
    const some = (most: number) => random.shuffled(plentiful).slice(0, random.whole(1, most))
    return async (i: number): Promise<void> => {
      const id = `w${worker}-${i}`
      const kind = random.weighted({ placed: 45, received: 30, cancelled: 20, adjusted: 5 })
      if (kind === "placed") {
        const orderId = `o-${id}`
        const lines = some(3).map((sku) => ({ sku, quantity: random.whole(1, 5) }))
        await this.publish({ id, type: "order.placed", data: { orderId, lines } })
        for (const { sku } of lines) orders.push({ orderId, sku })
      } else if (kind === "received") {
        const skus = random.chance(0.02) ? [...some(2), random.pick(scarce)] : some(3)
        const lines = skus.map((sku) => ({ sku, quantity: random.whole(1, 6) }))
        await this.publish({ id, type: "goods.received", data: { putaway: "done", lines } })
      } else if (kind === "adjusted") {
        const lines = some(2).map((sku) => ({ sku, delta: random.pick([-2, -1, 1, 2]) }))
        await this.publish({ id, type: "stock.adjusted", data: { reason: "counted", lines } })
      } else {
        await this.cancelOne(id, random, orders)
      }
    }
  }

  private async cancelOne(
    id: string,
    random: Random,
    orders: Array<{ readonly orderId: string; readonly sku: string }>
  ): Promise<void> {
    if (orders.length === 0) return
    const { orderId, sku } = random.pick(orders)
    const open = this.books.openUnits(orderId, sku)
    const whole = random.chance(0.5)
    const units = random.whole(1, 5)
    if (open === 0) return
    const line = whole ? { sku } : { sku, quantity: Math.min(units, open) }
    await this.publish({ id, type: "order.cancelled", data: { orderId, lines: [line] } })
  }

  private reservationStep(random: Random, worker: number) {
    return async (i: number): Promise<void> => {
      const key = `k${worker}-${i}`
      const sku = random.pick(scarce)
      const quantity = random.whole(1, 5)
      const isShort = random.chance(0.2)
      const fate = random.weighted({ release: 45, confirm: 20, consume: 10, keep: 25 })
      const answer = await this.ask("reserve", { key, sku, quantity, ttlMillis: isShort ? short : long } as {
        key: string
      })
      if (answer["status"] === "denied" && answer["reason"] === "insufficient_stock") {
        this.figures.denied += 1
        return
      }
      const { reservationId } = granted(answer)
      this.figures.granted += 1
      this.books.bookGrant(reservationId, { sku, quantity, end: isShort ? "expired" : null })
      if (!isShort) await this.endHold(key, fate, reservationId, sku, quantity)
    }
  }

  private async endHold(
    key: string,
    fate: "release" | "confirm" | "consume" | "keep",
    reservationId: string,
    sku: string,
    quantity: number
  ): Promise<void> {
    if (fate === "keep") return
    const orderId = `o-${key}`
    if (fate === "consume") {
      const lines = [{ sku, quantity, reservationId }]
      return this.publish({ id: `consume-${key}`, type: "order.placed", data: { orderId, lines } })
    }
    const request = { key: `${key}-${fate}`, reservationId, ...(fate === "confirm" ? { orderId } : {}) }
    const answer = await this.ask(fate, request)
    const end = `${fate}${fate === "confirm" ? "ed" : "d"}` as "confirmed" | "released"
    if (answer["status"] !== end)
      throw new Error(`${fate} of the open hold ${reservationId}: ${JSON.stringify(answer)}`)
    this.books.bookEnd(reservationId, end, orderId)
  }
}

const granted = (answer: Record<string, unknown>): Granted => {
  if (answer["status"] !== "granted") throw new Error(`neither granted nor out of stock: ${JSON.stringify(answer)}`)
  return answer as unknown as Granted
}

const pause = (millis = pauseMillis): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))
