/** Asks the running instance about its channels over HTTP; with `HOLDFAST_API_TOKEN` where its server wants a token. */
import { Config, Effect, Option, Redacted, Schema } from "effect"
import { runningInstance } from "../RunningInstance.ts"

export class InstanceUnanswered extends Schema.TaggedError<InstanceUnanswered>()("InstanceUnanswered", {
  /** what was asked, such as `what waits is not known` */
  asked: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.asked}: ${this.detail}`
  }
}

/** Milliseconds: the instance looks into its own memory. */
const answerMillis = 5_000

const send = async (url: string, token: string | undefined, body: unknown): Promise<unknown> => {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const request =
    body === undefined
      ? { headers }
      : {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(body)
        }
  const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(answerMillis) })
  const told = (await answer.json()) as { errors?: ReadonlyArray<{ message: string }> }
  if (!answer.ok) throw new Error(told.errors?.[0]?.message ?? `the instance answers ${answer.status}`)
  return told
}

/**
 * @param path below `/v1/channels`, with its slash
 * @param asked what is said when there is no answer
 * @param body of a POST; GET when absent
 */
export const askInstance = Effect.fnUntraced(function* (path: string, asked: string, body?: unknown) {
  const { httpUrl } = yield* Effect.mapError(
    runningInstance,
    () =>
      new InstanceUnanswered({
        asked,
        detail: "nothing runs in this data directory; start it with npm start, or up"
      })
  )
  const token = yield* Config.Redacted("HOLDFAST_API_TOKEN").pipe(Config.option)
  const secret = Option.isSome(token) ? Redacted.value(token.value) : undefined
  return yield* Effect.tryPromise({
    try: () => send(`${httpUrl}/v1/channels${path}`, secret, body),
    catch: (cause) => new InstanceUnanswered({ asked, detail: cause instanceof Error ? cause.message : String(cause) })
  })
})
