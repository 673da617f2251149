/**
 * The connector of a system that takes files over SFTP: a push is one file of absolute quantities, as CSV or X12 846.
 *
 * `endpoint` is `sftp://host:port`, the secret a password or a private key, `sftp` who we are there and where files go. A file that is
 * there is `accepted`: when the system has taken it in, its own stock file says, if it leaves one. It does not remove files,
 * and reads no answers to single files.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import type { SftpSettings } from "@holdfast/domain/SftpSettings"
import { Clock, Effect, type Redacted, type Scope } from "effect"
import type { ChannelConnector, PushItem, PushOutcome, ReadBack } from "../ChannelConnector.ts"
import { fileNumbersPauseMillis, sftpBatchMax } from "../ChannelLimit.ts"
import { unreachable } from "../ConnectorCall.ts"
import type { ConnectorError } from "../ConnectorError.ts"
import { type FileName, FileNumbers } from "./FileNumbers.ts"
import { inventory846, skuObjection } from "./Inventory846.ts"
import { quantityCsv, readStockCsv } from "./QuantityCsv.ts"
import { type SftpChannel, sftpChannelOf } from "./SftpEndpoint.ts"
import { filesIn, leaveFile, readFile } from "./SftpFiles.ts"
import { outcomeOfSftpError, outcomeOfTimeout } from "./SftpOutcome.ts"
import { makeSftpSession, type SftpError, type SftpSession } from "./SftpSession.ts"

interface Outbox extends SftpChannel {
  readonly session: SftpSession
  readonly numbers: FileNumbers
  /** the numbers are known of files that are there */
  readonly learnt: Effect.Effect<void, SftpError>
}

const prefixOf = ({ prefix = "stock" }: SftpSettings): string => prefix

const extension = { csv: "csv", edi846: "edi" } as const

const nameOf = (settings: SftpSettings, { number, digest }: FileName): string =>
  `${prefixOf(settings)}-${String(number).padStart(9, "0")}-${digest}.${extension[settings.file.format]}`

const textOf = ({ file }: SftpSettings, items: ReadonlyArray<PushItem>, number: number): string =>
  file.format === "csv" ? quantityCsv(file.columns ?? {}, items, number) : inventory846(file, items, number)

/** Of an item that no file of this format can name. */
const refusalOf = ({ settings: { file } }: Outbox, { sku }: PushItem): PushOutcome | undefined => {
  const objection = file.format === "csv" ? undefined : skuObjection(file, sku)
  if (objection === undefined) return undefined
  return { _tag: "rejected", because: "mapping", detail: `X12 cannot name the SKU ${sku}: it ${objection}` }
}

/**
 * Files that are there already have numbers, too: those of a process before this one, or of a clock that went wrong. Once; a
 * directory that we may only write to has none.
 */
const makeLearning = ({ session, settings, numbers }: Omit<Outbox, "learnt">): Outbox["learnt"] => {
  const ours = new RegExp(`^${prefixOf(settings)}-(\\d{9})-`)
  let isLearnt = false
  const learn = filesIn(session, settings.directory).pipe(
    Effect.map((files) => {
      for (const { name } of files) numbers.seen(Number(ours.exec(name)?.[1] ?? 0))
    }),
    Effect.catch((error) => (error.reason === "answered" ? Effect.void : Effect.fail(error))),
    Effect.tap(() => Effect.sync(() => void (isLearnt = true)))
  )
  return Effect.suspend(() => (isLearnt ? Effect.void : learn))
}

/** One outcome for all of them. */
const leave = (outbox: Outbox, items: ReadonlyArray<PushItem>): Effect.Effect<PushOutcome> =>
  Effect.suspend(() => {
    const { session, settings, address, numbers, learnt } = outbox
    const { directory } = settings
    let isAsked = false
    return Effect.gen(function* () {
      yield* learnt
      const file = numbers.of(items, yield* Clock.currentTimeMillis)
      if (file === undefined) return tooFast
      const name = nameOf(settings, file)
      yield* leaveFile(session, directory, name, textOf(settings, items, file.number), () => void (isAsked = true))
      return { _tag: "accepted", job: name } as const
    }).pipe(
      Effect.catch((error) => Effect.succeed(outcomeOfSftpError(error, directory, isAsked))),
      Effect.timeoutOrElse({
        duration: address.timeoutMillis,
        orElse: () => Effect.succeed(outcomeOfTimeout(address.timeoutMillis, isAsked))
      })
    )
  })

const tooFast: PushOutcome = {
  _tag: "notApplied",
  because: "throttled",
  retryAfterMillis: fileNumbersPauseMillis,
  detail: "files are numbered by the second: let rate.perSecond be 1 at most"
}

const pushTo =
  (outbox: Outbox): ChannelConnector["push"] =>
  (items) =>
    Effect.gen(function* () {
      const refusals = items.map((item) => refusalOf(outbox, item))
      const said = items.filter((_, i) => refusals[i] === undefined)
      if (said.length === 0) return refusals.filter((refusal) => refusal !== undefined)
      const outcome = yield* leave(outbox, said)
      return refusals.map((refusal) => refusal ?? outcome)
    })

const readBackFrom =
  ({ session, settings: { stock }, address: { timeoutMillis } }: Outbox) =>
  (skus: ReadonlyArray<Sku>): Effect.Effect<ReadBack> =>
    readFile(session, stock!.path).pipe(
      Effect.map((bytes): ReadBack => {
        const reading = readStockCsv(stock!.columns ?? {}, bytes)
        if (reading._tag === "unreadable") return unreachable(`${stock!.path}: ${reading.detail}`)
        const shown = skus.flatMap((sku) => {
          const quantity = reading.quantities.get(sku)
          return quantity === undefined ? [] : [[sku, quantity] as const]
        })
        return { _tag: "shown", quantities: new Map(shown) }
      }),
      Effect.catch(({ detail }) => Effect.succeed(unreachable(detail))),
      Effect.timeoutOrElse({
        duration: timeoutMillis,
        orElse: () => Effect.succeed(unreachable(`no answer within ${timeoutMillis} ms`))
      })
    )

/** @param secret a password, or a private key without a passphrase */
export const makeSftpConnector = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted
): Effect.Effect<ChannelConnector, ConnectorError, Scope.Scope> =>
  Effect.gen(function* () {
    const channel = yield* sftpChannelOf(definition, secret)
    const session = yield* makeSftpSession(channel.address)
    const parts = { ...channel, session, numbers: new FileNumbers() }
    const outbox: Outbox = { ...parts, learnt: makeLearning(parts) }
    const { stock } = channel.settings
    const settleMillis = stock?.settleMillis ?? definition.timeoutMillis
    const descriptor = { kind: "sftp", batchMax: sftpBatchMax, idempotent: true, settleMillis }
    const push = pushTo(outbox)
    return stock === undefined ? { descriptor, push } : { descriptor, push, readBack: readBackFrom(outbox) }
  })
