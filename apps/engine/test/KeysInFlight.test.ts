import { describe, expect, it } from "vitest"
import { KeysInFlight, keyReused } from "../src/KeysInFlight.ts"

const granted = JSON.stringify({ status: "granted" })
const busy = JSON.stringify({ status: "busy", retryAfterMillis: 1 })
const unknown = JSON.stringify({ status: "unknown", message: "" })

/** Two requests with one key at the same moment; what each decides is said by `say`. */
const twoOf = (first: string, second: string) => {
  const keys = new KeysInFlight()
  const heard: Array<[string, string]> = []
  const deciding: Array<(answer: string) => void> = []
  for (const [name, body] of [
    ["one", first],
    ["two", second]
  ] as const)
    keys.ask(
      "key",
      body,
      (reply) => void deciding.push(reply),
      (answer) => void heard.push([name, answer])
    )
  return { heard, deciding, say: (answer: string) => deciding.shift()!(answer) }
}

describe("two requests with one key at the same moment", () => {
  it("are decided once when they are the same", () => {
    const { heard, deciding, say } = twoOf("body", "body")
    expect(deciding).toHaveLength(1)
    say(granted)
    expect(heard).toEqual([
      ["one", granted],
      ["two", granted]
    ])
  })

  it("of which one says something else: that one hears that the key was used", () => {
    const { heard, say } = twoOf("body", "other")
    say(granted)
    expect(heard).toEqual([
      ["one", granted],
      ["two", keyReused]
    ])
  })

  it("of which one was too early: the other one has its turn", () => {
    const { heard, deciding, say } = twoOf("body", "other")
    say(busy)
    expect(deciding).toHaveLength(1)
    say(granted)
    expect(heard).toEqual([
      ["one", busy],
      ["two", granted]
    ])
  })

  it("of which nobody knows what became of one: the other one is not told more", () => {
    const { heard, say } = twoOf("body", "other")
    say(unknown)
    expect(heard.map(([, answer]) => JSON.parse(answer).status)).toEqual(["unknown", "unknown"])
  })

  it("are forgotten once they were answered", () => {
    const { deciding, say } = twoOf("body", "body")
    say(granted)
    expect(deciding).toHaveLength(0)
  })
})
