/** Asks the running instance what waits for a channel's window; with `HOLDFAST_API_TOKEN` where its server wants a token. */
import type { ListingView } from "@holdfast/channels/ChannelSnapshot"
import { Config, Effect, Option, Redacted, Schema } from "effect"
import { runningInstance } from "../RunningInstance.ts"

export class DifferencesUnknown extends Schema.TaggedError<DifferencesUnknown>()("DifferencesUnknown", {
  detail: Schema.String
}) {
  override get message(): string {
    return `what waits is not known: ${this.detail}`
  }
}

/** Milliseconds: the instance looks into its own memory. */
const answerMillis = 5_000

const ask = async (url: string, token: string | undefined): Promise<ReadonlyArray<ListingView>> => {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(answerMillis) })
  const body = (await answer.json()) as {
    listings?: ReadonlyArray<ListingView>
    errors?: ReadonlyArray<{ message: string }>
  }
  if (body.listings === undefined) throw new Error(body.errors?.[0]?.message ?? `the instance answers ${answer.status}`)
  return body.listings
}

export const waitingListings = Effect.fnUntraced(function* (channel: string) {
  const { httpUrl } = yield* Effect.mapError(
    runningInstance,
    () => new DifferencesUnknown({ detail: "nothing runs in this data directory; start it with npm start, or up" })
  )
  const token = yield* Config.Redacted("HOLDFAST_API_TOKEN").pipe(Config.option)
  const secret = Option.isSome(token) ? Redacted.value(token.value) : undefined
  return yield* Effect.tryPromise({
    try: () => ask(`${httpUrl}/v1/channels/${encodeURIComponent(channel)}/differences`, secret),
    catch: (cause) => new DifferencesUnknown({ detail: cause instanceof Error ? cause.message : String(cause) })
  })
})
