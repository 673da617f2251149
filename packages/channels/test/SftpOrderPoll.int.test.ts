/** Files that a system leaves on a real SFTP server: which are read, when, and from where it goes on. */
import { assert, describe, it } from "@effect/vitest"
import type { Sku } from "@holdfast/domain/Identity"
import type { OutgoingFiles } from "@holdfast/domain/SftpSettings"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { filePageEventsMax } from "../src/ChannelLimit.ts"
import type { OrderCursor, OrderPage, OrderPoll } from "../src/inbound/OrderPoll.ts"
import { makeSftpOrderPoll } from "../src/sftp/SftpOrderPoll.ts"
import { inDirectory, outDirectory, stockPath } from "../src/testing/sftp/LegacyErp.ts"
import { makeSftpServer, type SftpServer } from "../src/testing/sftp/SftpServer.ts"
import { channelDefinition } from "./Announce.ts"
import { activityText, sftpSettings } from "./SftpSample.ts"

const csv: OutgoingFiles = { directory: outDirectory, format: "csv", quietMillis: 0 }

const definitionOf = (server: SftpServer, outgoing: OutgoingFiles | undefined) =>
  channelDefinition({
    connector: "sftp",
    endpoint: server.url,
    sftp: sftpSettings(server, {
      stock: { path: stockPath, settleMillis: 0 },
      ...(outgoing === undefined ? {} : { outgoing })
    }),
    timeoutMillis: 20_000
  })

const pollOf = (server: SftpServer, outgoing = csv) =>
  makeSftpOrderPoll(definitionOf(server, outgoing), Redacted.make(server.password))

const inbox = (outgoing = csv) =>
  Effect.gen(function* () {
    const server = yield* makeSftpServer([inDirectory, outDirectory])
    const poll = yield* pollOf(server, outgoing)
    const put = (name: string, text: string, changedAt?: number) =>
      server.put(`${outDirectory}/${name}`, text, changedAt)
    return { server, poll, put }
  })

const at = "2026-11-23T03:45:00Z"
const receipts = (...skus: ReadonlyArray<string>) =>
  ["event,time,sku,quantity", ...skus.map((sku) => `goods.received,${at},${sku},5`)].join("\n")

const skusOf = ({ events }: OrderPage) =>
  events.flatMap(({ data }) => (data as { lines: ReadonlyArray<{ sku: Sku }> }).lines.map(({ sku }) => sku as string))

/** Pages until there are no more. */
const drained = (poll: OrderPoll, from: OrderCursor | undefined) =>
  Effect.gen(function* () {
    const pages: Array<OrderPage> = []
    let cursor = from
    for (;;) {
      const page = yield* poll.page(cursor)
      pages.push(page)
      cursor = page.cursor
      if (!page.more) return pages
    }
  })

describe("files over SFTP", () => {
  it.live("are read in the order of their names, each once", () =>
    Effect.gen(function* () {
      const { poll, put } = yield* inbox()
      assert.deepInclude(yield* poll.page(undefined), { events: [], cursor: "", seenUntil: 0, more: false })
      put("events-2.csv", receipts("B", "C"), 2_000)
      put("events-1.csv", receipts("A"), 1_000)
      const pages = yield* drained(poll, "")
      assert.deepStrictEqual(pages.map(skusOf), [["A"], ["B", "C"]])
      assert.deepStrictEqual(
        pages.map(({ cursor, seenUntil, more }) => ({ cursor, seenUntil, more })),
        [
          { cursor: "events-1.csv", seenUntil: 1_000, more: true },
          { cursor: "events-2.csv", seenUntil: 2_000, more: false }
        ]
      )
      put("events-3.csv", receipts("D"), 3_000)
      assert.deepStrictEqual((yield* drained(poll, "events-2.csv")).map(skusOf), [["D"]])
      assert.deepInclude(yield* poll.page("events-3.csv"), { events: [], cursor: "events-3.csv", seenUntil: 3_000 })
    })
  )

  it.live("that are not finished are left, as are the ones that are no events", () =>
    Effect.gen(function* () {
      const { poll, put } = yield* inbox()
      for (const name of [".events-1.csv", "events-1.csv.part", "events-1.tmp", "events-1.csv.filepart"])
        put(name, receipts("X"))
      put(stockPath.slice(outDirectory.length + 1), "sku,quantity\nA,1\n")
      assert.deepInclude(yield* poll.page(undefined), { events: [], cursor: "", more: false })
    })
  )

  it.effect("that may still grow are read once they have been the same for long enough, and none before them", () =>
    Effect.gen(function* () {
      const { poll, put } = yield* inbox({ ...csv, quietMillis: 5_000 })
      const heard = Effect.map(poll.page(""), skusOf)
      put("events-1.csv", receipts("A"), 1_000)
      assert.deepStrictEqual(yield* heard, [])
      yield* TestClock.adjust(4_000)
      put("events-1.csv", receipts("A", "B"), 1_000)
      put("events-2.csv", receipts("C"), 1_000)
      assert.deepStrictEqual(yield* heard, [])
      yield* TestClock.adjust(4_000)
      assert.deepStrictEqual(yield* heard, [])
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(yield* heard, ["A", "B"])
    })
  )

  it.live("with more events than a page go on within them, after a restart too", () =>
    Effect.gen(function* () {
      const { server, poll, put } = yield* inbox()
      const skus = Array.from({ length: filePageEventsMax * 2 + 1 }, (_, i) => `S${i}`)
      put("events-1.csv", receipts(...skus))
      const first = yield* poll.page(undefined)
      assert.isTrue(first.more)
      assert.strictEqual(first.seenUntil, 0, "not all of it was heard")
      const again = yield* pollOf(server)
      const rest = yield* drained(again, first.cursor)
      assert.deepStrictEqual([first, ...rest].flatMap(skusOf), skus)
      assert.strictEqual(
        new Set([first, ...rest].flatMap(({ events }) => events.map(({ id }) => id))).size,
        skus.length
      )
      assert.deepStrictEqual(yield* again.page(undefined), first)
    })
  )

  it.live("that are gone before all of them was read are named, and the next ones are read", () =>
    Effect.gen(function* () {
      const { server, poll, put } = yield* inbox()
      put("events-1.csv", receipts(...Array.from({ length: filePageEventsMax + 1 }, (_, i) => `S${i}`)))
      const first = yield* poll.page(undefined)
      server.files.clear()
      put("events-2.csv", receipts("B"))
      const [gone, next] = yield* drained(poll, first.cursor)
      assert.deepStrictEqual(
        gone!.events.map(({ type, data }) => [type, data]),
        [
          [
            "file.line",
            {
              file: "events-1.csv",
              place: `after event ${filePageEventsMax}`,
              text: "",
              detail: "the file is gone before all of it was read"
            }
          ]
        ]
      )
      assert.deepStrictEqual(skusOf(next!), ["B"])
    })
  )

  it.live("may be product activity", () =>
    Effect.gen(function* () {
      const { poll, put } = yield* inbox({ ...csv, format: "edi852" })
      put("852-000000017.edi", activityText(["XQ*H*20261122", "N1*ST**92*store-12", "LIN**SK*MUG", "ZA*QS*5*EA"]))
      const [page] = yield* drained(poll, undefined)
      assert.deepStrictEqual(
        page!.events.map(({ type }) => type),
        ["order.placed", "shipment.confirmed"]
      )
    })
  )

  it.live("are acknowledged once all they say is stored, and the same way after a restart", () =>
    Effect.gen(function* () {
      const outgoing: OutgoingFiles = { ...csv, format: "edi852", acknowledge: true }
      const { server, poll, put } = yield* inbox(outgoing)
      const answer = () => server.files.get(`${inDirectory}/997-500000017.edi`)?.bytes.toString()
      put("852-17.edi", activityText(["XQ*H*20261122", "LIN**SK*MUG", "ZA*QS*5*EA"]))
      const { cursor } = yield* poll.page(undefined)
      assert.strictEqual(answer(), undefined, "nobody has said yet that it is stored")
      yield* poll.page(cursor)
      const said = answer()
      assert.include(said, "AK2*852*0001~AK5*A~AK9*A*1*1*1~")
      yield* poll.page(cursor)
      assert.strictEqual(server.requests(), 2, "one file was read, one answer left")
      server.files.delete(`${inDirectory}/997-500000017.edi`)
      yield* (yield* pollOf(server, outgoing)).page(cursor)
      assert.strictEqual(answer(), said)
    })
  )

  it.live("are not read while the server refuses us, and are when it does not any more", () =>
    Effect.gen(function* () {
      const { server, poll, put } = yield* inbox()
      put("events-1.csv", receipts("A"))
      const { password } = server
      server.password = "another"
      assert.deepInclude(yield* Effect.flip(poll.page(undefined)), { _tag: "refused", retryAfterMillis: 30_000 })
      server.password = password
      server.meets({ _tag: "silent" })
      server.meets({ _tag: "passes" })
      const slow = yield* makeSftpOrderPoll(
        { ...definitionOf(server, csv), timeoutMillis: 2_000 },
        Redacted.make(password)
      )
      assert.deepInclude(yield* Effect.flip(slow.page(undefined)), {
        _tag: "refused",
        detail: "no answer within 2000 ms"
      })
      assert.deepStrictEqual(skusOf(yield* slow.page(undefined)), ["A"])
    })
  )

  it.live("have to be somewhere", () =>
    Effect.gen(function* () {
      const { server } = yield* inbox()
      const error = yield* Effect.flip(makeSftpOrderPoll(definitionOf(server, undefined), Redacted.make("x")))
      assert.include(error.message, "must name outgoing")
    })
  )
})
