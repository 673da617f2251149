/** What a partner's files say, as events: lines of CSV, product activity data, acknowledgements. No I/O. */
import { Sku } from "@holdfast/domain/Identity"
import x12 from "node-x12"
import { describe, expect, it } from "vitest"
import type { ToldEvent } from "../src/inbound/InboundCall.ts"
import { acknowledgements } from "../src/sftp/Acknowledgement997.ts"
import { csvEvents } from "../src/sftp/CsvEvents.ts"
import { objectionTo } from "../src/sftp/FileEvents.ts"
import { inventory846 } from "../src/sftp/Inventory846.ts"
import { x12Events } from "../src/sftp/X12Events.ts"
import { readX12 } from "../src/sftp/X12Reader.ts"
import { activityText, file846 } from "./SftpSample.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

const typeAndData = ({ type, time, data }: ToldEvent) => ({ type, time, data })

describe("events in the lines of a CSV file", () => {
  const header = "event,time,sku,quantity,order,document,location,reason,id"
  const at = "2026-11-23T03:45:00Z"
  const read = (lines: ReadonlyArray<string>, name = "events-1.csv") =>
    csvEvents({ name, bytes: bytes(`\ufeff${header}\r\n${lines.join("\r\n")}\r\n`) }, "erp")

  it("are one for each document, and one for each line without one", () => {
    const told = read([
      `order.placed,${at},MUG,2,4711,,,,`,
      `order.placed,${at},LAMP,1,4711,,north,,`,
      `order.cancelled,${at},LAMP,,4711,,,changed mind,`,
      `shipment.confirmed,${at},MUG,2,4711,S-1,north,,`,
      `goods.received,${at},MUG,20,,,north,,`,
      `return.received,${at},MUG,1,4711,R-1,,,`,
      `stock.adjusted,${at},MUG,-3,,,north,broken,`,
      `stock.adjusted,${at},MUG,-3,,,north,broken,`,
      `count.cycle,${at},MUG,14,,,north,,count-1`
    ])
    const locationId = "north"
    expect(told.map(typeAndData)).toEqual([
      {
        type: "order.placed",
        time: at,
        data: {
          orderId: "4711",
          channel: "erp",
          lines: [
            { sku: "MUG", quantity: 2 },
            { sku: "LAMP", quantity: 1, locationId }
          ]
        }
      },
      {
        type: "order.cancelled",
        time: at,
        data: { orderId: "4711", channel: "erp", reason: "changed mind", lines: [{ sku: "LAMP" }] }
      },
      {
        type: "shipment.confirmed",
        time: at,
        data: { orderId: "4711", shipmentId: "S-1", locationId, lines: [{ sku: "MUG", quantity: 2 }] }
      },
      {
        type: "goods.received",
        time: at,
        data: { putaway: "done", lines: [{ sku: "MUG", quantity: 20, locationId }] }
      },
      {
        type: "return.received",
        time: at,
        data: { orderId: "4711", returnId: "R-1", lines: [{ sku: "MUG", quantity: 1 }] }
      },
      { type: "stock.adjusted", time: at, data: { reason: "broken", lines: [{ sku: "MUG", delta: -3, locationId }] } },
      { type: "stock.adjusted", time: at, data: { reason: "broken", lines: [{ sku: "MUG", delta: -3, locationId }] } },
      { type: "count.cycle", time: at, data: { countedAt: at, lines: [{ sku: "MUG", quantity: 14, locationId }] } }
    ])
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length)
    expect(told.at(-1)!.id).toBe("count-1")
    for (const event of told) expect(objectionTo(event, "erp")).toBeUndefined()
  })

  it("have ids of the content, not of the file's name", () => {
    const lines = [`goods.received,${at},MUG,20,,,,,`]
    expect(read(lines, "a.csv")).toEqual(read(lines, "b.csv"))
    expect(read([...lines, ...lines])[0]!.id).not.toBe(read(lines)[0]!.id)
  })

  it("are named with file and line when they are none, and harm no other", () => {
    const told = read([
      `order.placed,${at},MUG,2,4711,,,,`,
      `order.placed,${at},LAMP,two,4711,,,,`,
      `order.placed,${at},SOCK,1,4711,,,,`,
      `teleported,${at},MUG,1,,,,,`,
      `goods.received,yesterday,MUG,1,,,,,`,
      `goods.received,${at},MUG,1`,
      `goods.received,${at},"MUG"x,1,,,,,`,
      `goods.received,${at},MUG,1,,,,,twice`,
      `goods.received,${at},CUP,1,,,,,other`,
      `goods.received,${at},MUG,1,,,,,twice`
    ])
    const good = told.filter((event) => objectionTo(event, "erp") === undefined)
    expect(good.map(({ data }) => (data as { lines: Array<{ sku: string }> }).lines.map(({ sku }) => sku))).toEqual([
      ["MUG", "SOCK"],
      ["MUG"],
      ["CUP"]
    ])
    const bad = told.filter((event) => !good.includes(event))
    const named = bad.map(({ type, data }) => ({ type, ...(data as { file: string; place: string; detail: string }) }))
    expect(named.map(({ type, file, place, detail }) => [type, file, place, detail.slice(0, 40)])).toEqual([
      ["file.line", "events-1.csv", "line 3", "data.lines[0].quantity: Expected number"],
      ["file.line", "events-1.csv", "line 5", "type: must be one of order.placed, order"],
      ["file.line", "events-1.csv", "line 6", "time: must be an RFC 3339 time such as 2"],
      ["file.line", "events-1.csv", "line 11", "id: twice names another event of this fi"],
      ["file.line", "events-1.csv", "line 7", "must have 9 cells as the header has, got"],
      ["file.line", "events-1.csv", "line 8", 'is no CSV: Invalid Closing Quote: got "x']
    ])
    expect(bad[0]!.id).toMatch(/^events-1\.csv:line 3:[0-9a-f]{16}$/)
    expect((bad[0]!.data as { text: string }).text).toBe(`order.placed,${at},LAMP,two,4711,,,,`)
  })

  it("are none without the columns that say what they are", () => {
    const told = csvEvents({ name: "x.csv", bytes: bytes("event,sku\norder.placed,MUG\n") }, "erp")
    expect(told.map(({ type, data }) => [type, (data as { detail: string }).detail])).toEqual([
      ["file.line", "column time is missing: nothing of the file was read"]
    ])
  })
})

describe("events of product activity data", () => {
  const read = (segments: ReadonlyArray<string>, control?: number) =>
    x12Events({ name: "activity.edi", bytes: bytes(activityText(segments, control)) }, "mart", "SK")
  const moved = "2026-11-22T23:59:58.000Z"
  const counted = "2026-11-22T23:59:59.000Z"

  it("say what was sold, received, returned, adjusted and counted, each place by itself", () => {
    const told = read([
      "XQ*H*20261116*20261122",
      "N1*ST**92*store-12",
      "LIN**UP*400000000017*SK*MUG",
      "ZA*QA*14*EA",
      "ZA*QS*5*EA",
      "ZA*QR*3*EA",
      "ZA*QU*1*EA",
      "ZA*QT*-2*EA",
      "ZA*QP*60*EA",
      "ZA*QR*0*EA",
      "LIN**SK*LAMP",
      "ZA*QS",
      "SDQ*EA*92*store-1*2*store-2*3",
      "ZA*QS*-1*EA"
    ])
    const id = "MART-000000017-0001"
    const orderOf = (segment: string, sku: string, quantity: number, locationId: string) => [
      {
        type: "order.placed",
        time: moved,
        data: { orderId: `mart-${id}-${segment}`, channel: "mart", lines: [{ sku, quantity, locationId }] }
      },
      {
        type: "shipment.confirmed",
        time: moved,
        data: {
          shipmentId: `mart-${id}-${segment}`,
          orderId: `mart-${id}-${segment}`,
          locationId,
          lines: [{ sku, quantity }]
        }
      }
    ]
    const place = { locationId: "store-12" }
    expect(told.map(typeAndData)).toEqual([
      {
        type: "count.cycle",
        time: counted,
        data: { countedAt: counted, reference: `${id}-5`, lines: [{ sku: "MUG", quantity: 14, ...place }] }
      },
      ...orderOf("6", "MUG", 5, "store-12"),
      {
        type: "goods.received",
        time: moved,
        data: { putaway: "done", reference: `${id}-7`, lines: [{ sku: "MUG", quantity: 3, ...place }] }
      },
      {
        type: "return.received",
        time: moved,
        data: { reference: `${id}-8`, lines: [{ sku: "MUG", quantity: 1, ...place }] }
      },
      {
        type: "stock.adjusted",
        time: moved,
        data: { reason: "852 QT", reference: `${id}-9`, lines: [{ sku: "MUG", delta: -2, ...place }] }
      },
      ...orderOf("14-1", "LAMP", 2, "store-1"),
      ...orderOf("14-2", "LAMP", 3, "store-2"),
      {
        type: "stock.adjusted",
        time: moved,
        data: {
          reason: "852 QS: more came back than was sold",
          reference: `${id}-15`,
          lines: [{ sku: "LAMP", delta: 1, ...place }]
        }
      }
    ])
    for (const event of told) expect(objectionTo(event, "mart")).toBeUndefined()
    expect(new Set(told.map((event) => event.id)).size).toBe(told.length)
  })

  it("are the same for the same interchange, and others for the next one", () => {
    const segments = ["XQ*H*20261122", "LIN**SK*MUG", "ZA*QS*5*EA"]
    expect(read(segments)).toEqual(read(segments))
    expect(read(segments, 18)[0]!.id).not.toBe(read(segments)[0]!.id)
  })

  it("are named with file and segment when they are none", () => {
    const told = read([
      "XQ*H*20261122",
      "LIN**UP*1",
      "ZA*QS*5*EA",
      "LIN**SK*MUG",
      "ZA*??*1",
      "ZA*QS*1.5",
      "ZA*QA*-4",
      "ZA*QS*2"
    ])
    const bad = told.filter(({ type }) => type === "file.line")
    expect(
      bad.map(({ data }) => data as Record<string, string>).map(({ place, text, detail }) => [place, text, detail])
    ).toEqual([
      ["segment 6", "ZA*QS*5*EA", "LIN names no item with qualifier SK"],
      ["segment 8", "ZA*??*1", "activity code ?? is not known"],
      ["segment 9", "ZA*QS*1.5", "quantity must be a whole number, got 1.5"],
      ["segment 10", "ZA*QA*-4", "data.lines[0].quantity: must be a whole number from 0 to 1000000, got -4"]
    ])
    expect(told).toHaveLength(bad.length + 2)
  })

  it("are none in a set of another kind, which is named", () => {
    const inventory = inventory846(
      file846,
      [{ sku: Sku.make("MUG"), quantity: 7, version: 1, key: "MUG", expected: undefined }],
      5
    )
    const told = x12Events({ name: "x.edi", bytes: bytes(inventory) }, "mart", "SK")
    expect(told.map(({ type, data }) => [type, (data as { detail: string }).detail])).toEqual([
      ["file.line", "ST01 is 846, and 852 and 997 are read"]
    ])
  })
})

describe("our acknowledgement", () => {
  const said = (text: string) => {
    const read = new x12.X12Parser(true).parse(text)
    if (!(read instanceof x12.X12Interchange)) throw new Error("not one interchange")
    const texts = (segments: ReadonlyArray<{ tag: string; elements: ReadonlyArray<{ value: string }> }>) =>
      segments.map(({ tag, elements }) => [tag, ...elements.map(({ value }) => value)].join("*"))
    return { isa: texts([read.header])[0], segments: texts(read.functionalGroups[0]!.transactions[0]!.segments) }
  }
  const sets = ["LIN**SK*MUG", "SE*3*0001", "ST*852*0002", "LIN**SK*LAMP", "SE*9*0002", "ST*852*0003"]

  it("says of each set whether it was read, to whoever sent it", () => {
    const text = activityText(sets).replace(/SE\*\d+\*0001~\nGE/, "SE*2*0003~\nGE")
    const [answer, ...others] = acknowledgements(readX12(text))
    expect(others).toEqual([])
    expect(answer!.name).toBe("997-500000017.edi")
    expect(said(answer!.text)).toEqual({
      isa: "ISA*00*          *00*          *ZZ*HOLDFAST       *ZZ*MART           *261123*0345*U*00401*500000017*0*P*>",
      segments: ["AK1*PD*17", "AK2*852*0001", "AK5*A", "AK2*852*0002", "AK5*R", "AK2*852*0003", "AK5*A", "AK9*P*3*3*2"]
    })
    expect(acknowledgements(readX12(text))).toEqual([answer])
  })

  it("is none of an acknowledgement, nor of what is no X12", () => {
    const acknowledged = activityText(["AK1*IB*1", "AK9*A*1*1*1"]).replace("GS*PD", "GS*FA").replace("ST*852", "ST*997")
    expect(acknowledgements(readX12(acknowledged))).toEqual([])
    expect(acknowledgements(readX12("event,time,sku"))).toEqual([])
  })
})

describe("an acknowledgement of what we sent", () => {
  const read = (verdict: string) =>
    x12Events(
      {
        name: "997-5.edi",
        bytes: bytes(activityText(["AK1*IB*217575912", `AK9*${verdict}*1*1*0`]).replace("ST*852", "ST*997"))
      },
      "mart",
      "SK"
    )

  it("is nothing when it was taken", () => {
    expect(read("A")).toEqual([])
    expect(read("E")).toEqual([])
  })

  it("is named when it was not", () => {
    expect(read("R").map(({ id, type, data }) => ({ id: id.slice(0, 20), type, data }))).toEqual([
      {
        id: "997-5.edi:segment 3:",
        type: "file.line",
        data: {
          file: "997-5.edi",
          place: "segment 3",
          text: "ST*997*0001\nAK1*IB*217575912\nAK9*R*1*1*0",
          detail: "the partner did not take our group IB 217575912: AK901 is R"
        }
      }
    ])
  })
})
