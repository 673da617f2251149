/**
 * How a group of holds changes, and what it asks its lines. A state machine without I/O.
 *
 *     pending -> granted | denied | aborted         aborted, settled -> pending (the next attempt)
 *     granted -> confirmed | released | expired     whatever ended, unsettled -> settled
 *
 * 1. `pending -> granted` is the commit point, and is written only before the deadline.
 * 2. It is confirmed, released or given another end only before it expires; expired is written only after.
 * 3. Holds end only after the register says how: its lines ask, and never guess.
 */
import type { GroupFate } from "./DueHolds.ts"
import { holdTtlMillisDefault } from "./Limit.ts"
import type { LineRequest } from "./LineRules.ts"
import { groupReservationId, memberReservationId, type Membership } from "./Partition.ts"
import type { DenialReason, ReservationAnswer } from "./Reservation.ts"
import type {
  DeniedLine,
  GrantedLine,
  GroupAnswer,
  GroupChange,
  GroupRequest,
  ReservationGroup
} from "./ReservationGroup.ts"

/** Milliseconds in which an attempt must be decided: no answer is waited for that long, and many busy partitions recover. */
export const attemptMillis = 10_000

/** Milliseconds that whoever ended a group has for its lines before a sweep does it. */
export const settleMillis = 2_000

const next = (group: ReservationGroup, changed: Partial<ReservationGroup>): ReservationGroup => ({
  ...group,
  ...changed,
  revision: group.revision + 1
})

const lineIdOf = ({ id, attempt, lines, guard }: ReservationGroup, line: number) =>
  memberReservationId(lines[line]!.sku, { group: id, attempt, line }, guard)

/** Whether a denial says something of the stock, and not only that this attempt came too late. */
const isFinal = (reason: DenialReason): boolean =>
  reason === "insufficient_stock" ||
  reason === "ring_fenced" ||
  reason === "quota_exhausted" ||
  reason === "unknown_sku" ||
  reason === "quarantined" ||
  reason === "quantity_out_of_range"

/** What the lines are asked in an attempt. */
export const holdRequests = (group: ReservationGroup): ReadonlyArray<LineRequest> =>
  group.lines.map(({ sku, locationId, requested }, line) => ({
    ask: "hold",
    reservationId: lineIdOf(group, line),
    sku,
    locationId,
    quantity: requested,
    partial: group.partial,
    ...(group.orderId === undefined ? {} : { orderId: group.orderId }),
    ...(group.channel === undefined ? {} : { channel: group.channel }),
    expiresAt: group.expiresAt,
    deadline: group.dueAt
  }))

/** What the lines answered; undefined where it is not known. */
export type LineAnswers = ReadonlyArray<ReservationAnswer | undefined>

const isDecided = (answer: ReservationAnswer | undefined): boolean =>
  answer?.status === "granted" || (answer?.status === "denied" && isFinal(answer.reason))

/** Whether whatever else is answered, the group is denied. */
export const isDenied = ({ partial }: ReservationGroup, answers: LineAnswers): boolean =>
  !partial && answers.some((answer) => answer?.status === "denied" && isFinal(answer.reason))

const grantedUnits = (answer: ReservationAnswer | undefined): number =>
  answer?.status === "granted" ? answer.quantity : 0

const grantedLines = (group: ReservationGroup): ReadonlyArray<GrantedLine> =>
  group.lines.map(({ sku, locationId, requested, granted: quantity, bundles }, line) => ({
    sku,
    locationId,
    requested,
    quantity,
    ...(quantity === 0 ? {} : { reservationId: lineIdOf(group, line) }),
    ...(bundles === undefined ? {} : { bundles })
  }))

const deniedLines = ({ lines }: ReservationGroup, answers: LineAnswers): ReadonlyArray<DeniedLine> =>
  lines.flatMap(({ sku, locationId, requested, bundles }, line) => {
    const answer = answers[line]
    if (answer?.status !== "denied" || !isFinal(answer.reason)) return []
    const { reason, available } = answer
    const rest = { ...(available === undefined ? {} : { available }), ...(bundles === undefined ? {} : { bundles }) }
    return [{ sku, locationId, requested, reason, ...rest }]
  })

/** What becomes of an attempt whose lines have answered: granted, denied, or aborted where some did not. */
export const verdict = (group: ReservationGroup, answers: LineAnswers): GroupChange => {
  const lines = group.lines.map((line, i) => ({ ...line, granted: grantedUnits(answers[i]) }))
  const held = lines.reduce((sum, { granted }) => sum + granted, 0)
  const isComplete = lines.every((_, line) => isDecided(answers[line]))
  if (isDenied(group, answers) || (isComplete && held === 0)) {
    const denied = deniedLines(group, answers)
    const answer: GroupAnswer = { status: "denied", reason: denied[0]!.reason, lines: denied }
    const settled = isComplete && held === 0
    return { group: next(group, { status: "denied", answer: JSON.stringify(answer), settled }) }
  }
  if (!isComplete) return { group: next(group, { status: "aborted" }) }
  const granted = next(group, { status: "granted", lines, dueAt: group.expiresAt })
  const answer: GroupAnswer = {
    status: "granted",
    reservationId: groupReservationId(group.id),
    expiresAt: group.expiresAt,
    lines: grantedLines(granted)
  }
  return { group: { ...granted, answer: JSON.stringify(answer) }, when: "not due" }
}

/** Another attempt, once the one before left nothing behind. @param now milliseconds since the epoch */
export const restarted = (group: ReservationGroup, now: number): GroupChange => {
  const expiresAt = now + group.ttlMillis
  const dueAt = Math.min(expiresAt, now + attemptMillis)
  const attempt = group.attempt + 1
  return { group: next(group, { status: "pending", settled: false, attempt, expiresAt, dueAt }) }
}

/** What a group that is due comes to, or undefined when it only has to be settled. */
export const overdue = (group: ReservationGroup): GroupChange | undefined => {
  if (group.status === "pending") return { group: next(group, { status: "aborted" }), when: "due" }
  if (group.status === "granted" && group.ended === undefined)
    return { group: next(group, { ended: "expired" }), when: "due" }
  return undefined
}

export const settled = (group: ReservationGroup): GroupChange => ({ group: next(group, { settled: true }) })

/** Leaves what could not be settled for later. @param now milliseconds since the epoch */
export const postponed = (group: ReservationGroup, now: number): GroupChange => ({
  group: next(group, { dueAt: now + settleMillis })
})

const deny = (reason: DenialReason): { readonly answer: GroupAnswer } => ({ answer: { status: "denied", reason } })

/** What a granted group answers, and how it changes. @param now milliseconds since the epoch, by the database's clock */
export const answerGroup = (
  group: ReservationGroup | undefined,
  request: GroupRequest,
  now: number
): { readonly answer: GroupAnswer; readonly change?: GroupChange } => {
  if (group?.status !== "granted") return deny("unknown_reservation")
  if (group.ended === "expired") return deny("reservation_expired")
  if (group.ended !== undefined) return deny("reservation_ended")
  if (now >= group.expiresAt) return deny("reservation_expired")
  switch (request.verb) {
    case "confirm":
      return confirm(group, request, now)
    case "release":
      return end(group, "released", group.orderId, now)
    case "extend":
      return liveUntil("extended", group, Math.max(group.expiresAt, now + request.ttlMillis))
    case "pin":
      return liveUntil("pinned", group, Infinity)
    case "unpin": {
      const { ttlMillis = holdTtlMillisDefault } = request
      return liveUntil("unpinned", group, group.expiresAt === Infinity ? now + ttlMillis : group.expiresAt)
    }
  }
}

const confirm = (group: ReservationGroup, request: Extract<GroupRequest, { verb: "confirm" }>, now: number) => {
  if (request.quantity !== undefined) return deny("part_of_group")
  const orderId = request.orderId ?? group.orderId
  return orderId === undefined ? deny("order_required") : end(group, "confirmed", orderId, now)
}

const end = (
  group: ReservationGroup,
  ended: "confirmed" | "released",
  orderId: ReservationGroup["orderId"],
  now: number
): { readonly answer: GroupAnswer; readonly change: GroupChange } => ({
  change: { group: next(group, { ended, orderId, dueAt: now + settleMillis }), when: "not due" },
  answer: {
    status: ended,
    reservationId: groupReservationId(group.id),
    ...(ended === "released" || orderId === undefined ? {} : { orderId }),
    lines: grantedLines(group)
  }
})

const liveUntil = (status: "extended" | "pinned" | "unpinned", group: ReservationGroup, expiresAt: number) => {
  const reservationId = groupReservationId(group.id)
  const answer: GroupAnswer = { status, reservationId, ...(expiresAt === Infinity ? {} : { expiresAt }) }
  if (expiresAt === group.expiresAt) return { answer }
  const change: GroupChange = { group: next(group, { expiresAt, dueAt: expiresAt }), when: "not due" }
  return { answer, change }
}

/** What the lines of a group are to be told as it stands now: how it ended, or until when it lives. */
export const followUps = (group: ReservationGroup): ReadonlyArray<LineRequest> =>
  group.lines.map(({ granted }, line): LineRequest => {
    const reservationId = lineIdOf(group, line)
    // whatever it holds: another one that asked for the same attempt may have been answered otherwise
    if (group.status !== "granted" || granted === 0) return { ask: "release", reservationId }
    if (group.ended === "confirmed") return { ask: "confirm", reservationId, orderId: group.orderId! }
    if (group.ended !== undefined) return { ask: "release", reservationId }
    return { ask: "live", reservationId, until: group.expiresAt }
  })

/** Whether a line has heard how its group ended. */
export const hasHeard = (answer: ReservationAnswer | undefined): boolean =>
  answer !== undefined &&
  (answer.status !== "denied" ||
    answer.reason === "reservation_ended" ||
    answer.reason === "reservation_expired" ||
    answer.reason === "unknown_reservation")

/** What becomes of a due hold; `group` is read after what is due was written. */
export const fateOf = (group: ReservationGroup | undefined, { attempt, line }: Membership): GroupFate => {
  if (group === undefined || group.attempt !== attempt) return { fate: "expire" }
  if (group.status === "granted" && group.lines[line]!.granted === 0) return { fate: "expire" }
  if (group.status === "granted" && group.ended === "confirmed") return { fate: "confirm", orderId: group.orderId! }
  const isOpen = group.status === "pending" || (group.status === "granted" && group.ended === undefined)
  return isOpen ? { fate: "live", until: group.expiresAt } : { fate: "expire" }
}
