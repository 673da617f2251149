/**
 * What a system leaves for us in a directory, file by file in the order of their names: `inbound` of format `sftp`.
 *
 * Guarantee: a file is read when it is whole, and only once all before it were; its events have ids made of its content. A place within a
 * file is part of the cursor, so a file may have more events than a page. Nothing there is changed or deleted: whoever wrote a file
 * clears it away. A file whose name comes before one that was read is not seen: names have to rise.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { OutgoingFiles } from "@holdfast/domain/SftpSettings"
import { Clock, Effect, type Redacted, type Scope } from "effect"
import { blockedProbeMillis, filePageEventsMax } from "../ChannelLimit.ts"
import { ConnectorError } from "../ConnectorError.ts"
import type { ToldEvent } from "../inbound/InboundCall.ts"
import type { OrderCursor, OrderPage, OrderPoll, PollRefused } from "../inbound/OrderPoll.ts"
import { csvEvents } from "./CsvEvents.ts"
import { type FileContent, unreadable } from "./FileEvents.ts"
import { FilePlace } from "./FilePlace.ts"
import { QuietFiles } from "./QuietFiles.ts"
import { type Acknowledger, makeAcknowledger, noAcknowledger } from "./SftpAcknowledger.ts"
import { sftpChannelOf } from "./SftpEndpoint.ts"
import { filesIn, pathIn, readFile, type SeenFile } from "./SftpFiles.ts"
import { makeSftpSession, SftpError, type SftpSession } from "./SftpSession.ts"
import { x12Events } from "./X12Events.ts"

interface Inbox {
  readonly channel: string
  readonly session: SftpSession
  readonly outgoing: OutgoingFiles
  /** of the stock that is read back, which may lie in the same directory */
  readonly stockPath: string | undefined
  readonly timeoutMillis: number
  readonly quiet: QuietFiles
  readonly acknowledger: Acknowledger
}

/** What was read last: pages of one file are asked for one after the other. */
interface Held {
  readonly file: SeenFile
  readonly events: ReadonlyArray<ToldEvent>
}

/** Names of files that nobody has finished. */
const unfinished = /^\.|\.(part|filepart|tmp|temp)$/i

const eventsOf = ({ channel, outgoing }: Inbox, file: FileContent): ReadonlyArray<ToldEvent> =>
  outgoing.format === "csv" ? csvEvents(file, channel) : x12Events(file, channel, outgoing.itemQualifier ?? "SK")

const refusedBy = ({ reason, detail }: SftpError): PollRefused => ({
  _tag: "refused",
  detail,
  // asking often with credentials that are refused may lock the account
  retryAfterMillis: reason === "refused" ? blockedProbeMillis : undefined
})

const listed = (inbox: Inbox): Effect.Effect<ReadonlyArray<SeenFile>, SftpError> => {
  const { session, outgoing, stockPath } = inbox
  return Effect.map(filesIn(session, outgoing.directory), (files) =>
    files.filter(({ name }) => !unfinished.test(name) && pathIn(outgoing.directory, name) !== stockPath)
  )
}

const timed = <A>({ timeoutMillis }: Inbox, call: Effect.Effect<A, SftpError>): Effect.Effect<A, SftpError> =>
  Effect.timeoutOrElse(call, {
    duration: timeoutMillis,
    orElse: () => new SftpError({ reason: "lost", detail: `no answer within ${timeoutMillis} ms` })
  })

/** A file that was begun, and is not there any more: what followed in it is not known. */
const vanished = ({ name, told }: FilePlace): ToldEvent =>
  unreadable(
    { name, bytes: Buffer.from(name) },
    `after event ${told}`,
    "",
    "the file is gone before all of it was read"
  )

const pollOf = (inbox: Inbox): OrderPoll => {
  let held: Held | undefined

  const eventsIn = Effect.fnUntraced(function* (file: SeenFile) {
    const isHeld =
      held?.file.name === file.name && held.file.bytes === file.bytes && held.file.changedAt === file.changedAt
    if (!isHeld) {
      const bytes = yield* timed(inbox, readFile(inbox.session, pathIn(inbox.outgoing.directory, file.name)))
      const content = { name: file.name, bytes }
      inbox.acknowledger.read(content)
      held = { file, events: eventsOf(inbox, content) }
    }
    return held!.events
  })

  const pageOf = Effect.fnUntraced(function* (file: SeenFile, told: number, isLast: boolean) {
    const events = yield* eventsIn(file)
    const end = told + filePageEventsMax
    if (end < events.length)
      return { events: events.slice(told, end), cursor: new FilePlace(file.name, end).cursor, seenUntil: 0, more: true }
    held = undefined
    const cursor = new FilePlace(file.name, undefined).cursor
    return { events: events.slice(told), cursor, seenUntil: file.changedAt, more: !isLast }
  })

  const page = Effect.fnUntraced(function* (cursor: OrderCursor | undefined) {
    const place = FilePlace.of(cursor)
    const files = yield* timed(inbox, listed(inbox))
    const now = yield* Clock.currentTimeMillis
    inbox.quiet.look(files, now)
    if (place.told === undefined && place.name !== "") {
      const seen = files.find(({ name }) => name === place.name)
      yield* timed(inbox, inbox.acknowledger.stored(place.name, seen))
    }
    const begun = place.told === undefined ? undefined : files.find(({ name }) => name === place.name)
    const next = files.filter(({ name }) => name > place.name)
    if (begun !== undefined) return yield* pageOf(begun, place.told ?? 0, next.length === 0)
    if (place.told !== undefined) {
      const after: OrderPage = {
        events: [vanished(place)],
        cursor: place.done.cursor,
        seenUntil: 0,
        more: next.length > 0
      }
      return after
    }
    const [first] = next
    if (first !== undefined && inbox.quiet.isWhole(first, now)) return yield* pageOf(first, 0, next.length === 1)
    const seenUntil = files.findLast(({ name }) => name <= place.name)?.changedAt ?? 0
    return { events: [], cursor: cursor ?? "", seenUntil, more: false }
  })

  return { page: (cursor) => Effect.mapError(page(cursor), refusedBy) }
}

/** @param secret a password, or a private key without a passphrase */
export const makeSftpOrderPoll = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted
): Effect.Effect<OrderPoll, ConnectorError, Scope.Scope> =>
  Effect.gen(function* () {
    const { address, settings } = yield* sftpChannelOf(definition, secret)
    const { id: channel, timeoutMillis } = definition
    const { outgoing, stock } = settings
    if (outgoing === undefined)
      return yield* new ConnectorError({
        channel,
        field: "sftp",
        detail: "must name outgoing: where its files for us are"
      })
    const session = yield* makeSftpSession(address)
    const quiet = new QuietFiles(outgoing.quietMillis)
    const directories = { from: outgoing.directory, to: settings.directory }
    const acknowledger = outgoing.acknowledge === true ? makeAcknowledger(session, directories) : noAcknowledger
    return pollOf({ channel, session, outgoing, stockPath: stock?.path, timeoutMillis, quiet, acknowledger })
  })
