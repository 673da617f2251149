/**
 * Goal: `kill -9` of everything, or of one part, at any moment loses nothing, doubles nothing and breaks no promise.
 * Method: the real stack under load is killed at random moments from a seed and started again; when all is quiet it is
 * compared with the driver's own books. `HOLDFAST_KILLS=20` is the long form, `HOLDFAST_SEED` chooses another run.
 */
import { eventSubject } from "@holdfast/bus/Subject"
import { Random } from "@holdfast/domain/testing/Random"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { startChannel, type ChannelFixture } from "./ChannelFixture.ts"
import {
  expectAppliedOnce,
  expectConverged,
  expectHolds,
  expectNothingPromisedTwice,
  expectSameAnswers,
  expectUnits,
  expectVerified
} from "./crash/Evidence.ts"
import { driverSource, LoadDriver } from "./crash/LoadDriver.ts"
import { connectTo, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess, type Victim } from "./StackProcess.ts"

const kills = Number(process.env["HOLDFAST_KILLS"] ?? 3)
const seed = Number(process.env["HOLDFAST_SEED"] ?? 1)

/** Milliseconds that a round may take on a busy machine. */
const roundMillis = 60_000

const everything: ReadonlyArray<Victim> = ["app", "nats", "postgres"]
/** What dies in the first rounds, so that the short form has seen it all; later the dice say. */
const firstRounds: ReadonlyArray<ReadonlyArray<Victim>> = [everything, ["nats"], ["postgres"]]

const victimsOf = (round: number, random: Random): ReadonlyArray<Victim> => {
  const drawn = random.weighted({ everything: 55, app: 15, nats: 15, postgres: 15 })
  return firstRounds[round] ?? (drawn === "everything" ? everything : [drawn])
}

let channel: ChannelFixture
let stack: StackProcess
let client: StackClient
beforeAll(async () => {
  channel = await startChannel()
  stack = StackProcess.make({ channels: [channel.definition], env: channel.env })
  client = await connectTo(await stack.start())
})
afterAll(async () => {
  await client?.close()
  await stack?.remove()
  await channel?.close()
})

const progress = async (
  driver: LoadDriver,
  what: (figures: LoadDriver["figures"]) => number,
  more: number
): Promise<void> => {
  const target = what(driver.figures) + more
  const reached = () => driver.done() >= 0 && what(driver.figures) >= target
  await vi.waitUntil(reached, { timeout: roundMillis, interval: 2 }).catch((cause) => {
    throw new Error(`${what(driver.figures)} of ${target} done; the stack says:\n${stack.log()}`, { cause })
  })
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

const moment = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** Starts the app again, now and then killing everything once more on the way up. */
const restart = async (driver: LoadDriver, random: Random): Promise<number> => {
  const killedOnTheWay = random.chance(0.25)
  const after = random.whole(50, 3_000)
  if (killedOnTheWay) {
    stack.launch()
    await moment(after)
    await stack.kill(everything)
  }
  const began = performance.now()
  const instance = await stack.start()
  const readyMillis = performance.now() - began
  client = await connectTo(instance)
  driver.use(client)
  return readyMillis
}

const killOnce = async (driver: LoadDriver, random: Random, round: number): Promise<string> => {
  await progress(driver, ({ acknowledged, answered }) => acknowledged + answered, random.whole(200, 1_500))
  const victims = victimsOf(round, random)
  await moment(random.whole(0, 30))
  const killed = performance.now()
  await stack.kill(victims)
  let ready = ""
  if (victims.includes("app")) {
    driver.lose()
    await client.close()
    ready = `, up ${(await restart(driver, random)).toFixed(0)} ms after its start`
  }
  await Promise.all([
    progress(driver, (figures) => figures.acknowledged, 1),
    progress(driver, (figures) => figures.answered, 20)
  ])
  return `round ${round + 1}: killed ${victims.join(" + ")}${ready}, works again after ${(performance.now() - killed).toFixed(0)} ms`
}

/** The broker's own deduplication is asked nothing: no message id. */
const repeat = async (driver: LoadDriver, random: Random): Promise<void> => {
  const some = random.shuffled([...driver.books.events.values()]).slice(0, 200)
  await Promise.all(
    some.map(({ id, type, data }) =>
      client.nats.jetstream.publish(eventSubject(type), JSON.stringify({ source: driverSource, id, data }), {
        timeout: 10_000
      })
    )
  )
}

it(`keeps every promise through ${kills} kills (seed ${seed})`, { timeout: (kills + 3) * roundMillis }, async () => {
  const random = new Random(seed)
  const driver = new LoadDriver(seed)
  driver.use(client)
  await driver.open()
  await untilDrained(client)
  driver.start()
  for (let round = 0; round < kills; round++) say(await killOnce(driver, random, round))
  await driver.finish()
  await repeat(driver, random)
  await untilDrained(client).catch((cause) => {
    throw new Error(`not drained; the stack says:\n${stack.log()}`, { cause })
  })
  say(JSON.stringify(driver.figures))
  expect(driver.figures.granted).toBeGreaterThan(0)
  expect(driver.figures.denied).toBeGreaterThan(0)
  await expectUnits(client, driver.books)
  await expectAppliedOnce(client, driver.books)
  await expectHolds(client, driver.books)
  expectNothingPromisedTwice(driver.books)
  await expectSameAnswers(client, driver.books)
  await expectConverged(client, channel)
  await expectVerified(stack)
})
