/**
 * Use reservations or holds to reduce oversell risk during processing windows. Pure.
 *
 * A channel is risky when it is told of changes at once, since that is what critical channels are, or when it sells what
 * another one sells too. It is protected when most of its orders had a reservation, or when it never shows the last units.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { ReservationUse } from "@holdfast/ledger/ReservationUse"
import { countText, wholeText } from "../terminal/TerminalText.ts"
import { listed, missing, note, ok, type ChecklistPoint, type Finding } from "./Finding.ts"

/** Share of a channel's orders that must have had a reservation for it to count as protected by them. */
export const reservedShareMin = 0.5

export interface ReservationFacts {
  readonly channels: ReadonlyArray<ChannelDefinition>
  readonly use: ReadonlyArray<ReservationUse>
  /** days that `use` covers */
  readonly days: number
}

/** Without locations a channel sells from all. */
const sharesStock = (a: ChannelDefinition, b: ChannelDefinition): boolean => {
  const { locations: own } = a
  const { locations: other } = b
  return own === undefined || other === undefined || own.some((id) => other.includes(id))
}

/** Why a channel is risky; none when it is not. */
const risksOf = (channel: ChannelDefinition, channels: ReadonlyArray<ChannelDefinition>): ReadonlyArray<string> => {
  const others = channels.filter((other) => other.id !== channel.id && sharesStock(channel, other))
  return [
    ...(channel.timing.model === "realtime" ? ["realtime"] : []),
    ...(others.length > 0
      ? [
          `sells the same stock as ${listed(
            others.map(({ id }) => id),
            3
          )}`
        ]
      : [])
  ]
}

const keptBack = ({ buffer, threshold = 0 }: ChannelDefinition): string | undefined => {
  if (buffer > 0) return `${countText(buffer, "unit")} ${buffer === 1 ? "is" : "are"} never shown to it`
  if (threshold > 0) return `it is shown nothing of the last ${countText(threshold, "unit")}`
  return undefined
}

const findingOf = (
  channel: ChannelDefinition,
  risks: ReadonlyArray<string>,
  { use, days }: ReservationFacts
): Finding => {
  const { id } = channel
  const { orders, reserved } = use.find((row) => row.channel === id) ?? { orders: 0, reserved: 0 }
  const who = `${id} (${risks.join(", ")})`
  const kept = keptBack(channel)
  const share = `${wholeText(reserved)} of its ${countText(orders, "order")} in ${days} days had a reservation`
  if (orders > 0 && reserved / orders >= reservedShareMin) return ok(`${who}: ${share}`)
  if (kept !== undefined) return ok(`${who}: ${kept}`)
  const mend = [
    'let it reserve before it takes the money, POST /v1/reservations, and name the "reservationId" in the order\'s line',
    `or never show it the last units, in the channel file, ${id}: "buffer": 2`
  ]
  return orders === 0
    ? note(`${who}: it had no order in ${days} days, there was nothing to protect`, ...mend)
    : missing(`${who}: ${share}, and it is shown the last unit`, ...mend)
}

export const reservationPoint = (facts: ReservationFacts): ChecklistPoint => {
  const name = "Reservations protect the channels where overselling is likely"
  const { channels } = facts
  const risky = channels
    .map((channel) => ({ channel, risks: risksOf(channel, channels) }))
    .filter(({ risks }) => risks.length > 0)
  const findings = risky.map(({ channel, risks }) => findingOf(channel, risks, facts))
  return { name, findings: findings.length > 0 ? findings : [ok("no channel is risky")] }
}
