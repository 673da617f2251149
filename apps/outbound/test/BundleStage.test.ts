/** What channels are offered of bundles, and when. */
import { BundleBook } from "@holdfast/domain/Bundle"
import type { Availability } from "@holdfast/domain/Availability"
import { ChannelId, LocationId, Sku } from "@holdfast/domain/Identity"
import { publishable } from "@holdfast/domain/Publishable"
import { expect, it } from "vitest"
import { BundleStage } from "../src/BundleStage.ts"

const [kit, mug, tray] = [Sku.make("KIT"), Sku.make("MUG"), Sku.make("TRAY")]

const stock = (sku: Sku, version: number, onHand: number): Availability => ({
  sku,
  version,
  levels: [{ locationId: LocationId.make("main"), onHand, committed: 0, held: 0 }],
  committedAt: version,
  events: [],
  more: 0
})

const scene = () => {
  const book = new BundleBook()
  let serial = 0
  const define = (parts: Readonly<Record<string, number>>) => {
    serial += 1
    const components = Object.entries(parts).map(([sku, quantity]) => ({ sku: Sku.make(sku), quantity }))
    book.hear({ bundle: kit, at: serial, serial, components })
  }
  const offered: Array<Availability> = []
  const stage = new BundleStage(book, (one) => offered.push(one))
  const told = () =>
    offered.splice(0).map(({ sku, levels }) => `${sku} ${levels.reduce((sum, { onHand }) => sum + onHand, 0)}`)
  return { stage, define, told, offered }
}

it("a bundle is offered after its component, once all of them are known", () => {
  const { stage, define, told } = scene()
  define({ MUG: 2, TRAY: 1 })
  stage.take(stock(mug, 1, 9))
  expect(told()).toEqual(["MUG 9"])
  stage.take(stock(tray, 1, 3))
  expect(told()).toEqual(["TRAY 3", "KIT 3"])
  stage.take(stock(mug, 2, 5))
  expect(told()).toEqual(["MUG 5", "KIT 2"])
})

it("a component that was never announced counts as nothing once that is known", () => {
  const { stage, define, told } = scene()
  define({ MUG: 2, TRAY: 1 })
  stage.take(stock(mug, 1, 9))
  expect([...stage.unknown()]).toEqual([tray])
  stage.learn(tray, undefined)
  stage.announceAll([kit], 7)
  expect(told()).toEqual(["MUG 9", "KIT 0"])
})

it("what is no component any more is not remembered as it was", () => {
  const { stage, define, told } = scene()
  define({ MUG: 2, TRAY: 1 })
  stage.take(stock(mug, 1, 9))
  stage.take(stock(tray, 1, 1))
  define({ MUG: 2 })
  stage.take(stock(tray, 2, 4))
  told()
  define({ MUG: 2, TRAY: 1 })
  expect([...stage.unknown()]).toEqual([tray])
  stage.announceAll([kit], 7)
  expect(told()).toEqual([])
  stage.learn(tray, stock(tray, 2, 4))
  stage.announceAll([kit], 7)
  expect(told()).toEqual(["KIT 4"])
})

it("a bundle is never offered with stock of its own, and rises in version when it is none any more", () => {
  const { stage, define, told, offered } = scene()
  define({ MUG: 1 })
  stage.take(stock(mug, 50, 9))
  stage.take(stock(kit, 3, 100))
  const [, made] = offered
  expect(told()).toEqual(["MUG 9", "KIT 9"])
  define({})
  stage.announceAll([kit], 7)
  stage.take(stock(kit, 4, 99))
  expect(offered.map(({ version }) => version > made!.version)).toEqual([true, true])
  expect(told()).toEqual(["KIT 100", "KIT 99"])
})

it("a bundle is offered with the terms of its components, and without them when they are lifted", () => {
  const { stage, define, offered } = scene()
  define({ MUG: 2, TRAY: 1 })
  stage.take(stock(tray, 1, 9))
  stage.take({ ...stock(mug, 1, 20), terms: { allotments: [{ channel: "shop", quota: 7, used: 0 }] } })
  stage.take(stock(mug, 2, 20))
  const shop = { id: ChannelId.make("shop"), buffer: 0 }
  const shown = offered.filter(({ sku }) => sku === kit).map((one) => publishable(shop, one))
  expect(shown).toEqual([3, 9])
})
