/**
 * The child's side of a benchmark process: answers what its parent asks.
 *
 * Guarantee: every question is answered once, with a result or an error. It ends with its parent; a terminal's Ctrl-C is the
 * parent's to handle.
 */

/** What a process can be asked, by name. */
export type Handlers = Readonly<Record<string, (...input: ReadonlyArray<never>) => unknown>>

export interface Question {
  readonly id: number
  readonly name: string
  readonly input: ReadonlyArray<never>
}

export type Answer = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: string }

const answerTo = async ({ id, name, input }: Question, handlers: Handlers): Promise<Answer> => {
  try {
    return { id, result: await handlers[name]!(...input) }
  } catch (cause) {
    return { id, error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }
  }
}

export const answerParent = (handlers: Handlers): void => {
  process.on("SIGINT", () => {})
  process.once("disconnect", () => process.exit(0))
  process.on("message", (question: Question) => {
    void answerTo(question, handlers).then((answer) => process.connected && process.send!(answer))
  })
}
