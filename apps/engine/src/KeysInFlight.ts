/**
 * The idempotency keys whose requests this process has not answered yet.
 *
 * A request is decided where its SKU lives, so two requests with one key may be decided at two places at the same moment, and
 * neither place knows of the other. Guarantee: of those that come to this process one is decided at a time; the others hear its
 * answer, or that the key was used. It remembers nothing once the answer was given: then it is durable.
 */
import type { NoAnswer } from "@holdfast/domain/Reservation"
import { noAnswer } from "./NoAnswers.ts"

type Reply = (answer: string) => void

interface Waiting {
  readonly body: string
  readonly decide: (reply: Reply) => void
  readonly reply: Reply
}

interface InFlight {
  readonly body: string
  waiting: Array<Waiting> | undefined
}

/** What is said to a request whose key was used for another one. */
export const keyReused = noAnswer({
  status: "key_reused",
  message: "this idempotency key was used for another request"
})

const undecided = noAnswer({
  status: "unknown",
  message: "another request with this key is not decided; ask again with the same key"
})

const says = (answer: string, status: NoAnswer["status"]): boolean => answer.startsWith(`{"status":"${status}"`)

export class KeysInFlight {
  private readonly keys = new Map<string, InFlight>()

  /**
   * @param key and `body`: hashes of the idempotency key and of the request
   * @param decide is called unless another request with the key is under way; must reply once
   */
  ask(key: string, body: string, decide: (reply: Reply) => void, reply: Reply): void {
    const first = this.keys.get(key)
    if (first !== undefined) {
      first.waiting ??= []
      first.waiting.push({ body, decide, reply })
      return
    }
    const mine: InFlight = { body, waiting: undefined }
    this.keys.set(key, mine)
    decide((answer) => {
      this.keys.delete(key)
      reply(answer)
      for (const waiting of mine.waiting ?? []) this.follow(key, mine.body, answer, waiting)
    })
  }

  private follow(key: string, body: string, answer: string, { decide, reply, ...waiting }: Waiting): void {
    if (waiting.body === body) reply(answer)
    else if (says(answer, "busy")) this.ask(key, waiting.body, decide, reply) // nothing was done with the key
    else reply(says(answer, "unknown") ? undecided : keyReused)
  }
}
