/** Sets aside what cannot be applied: a message of the stream with its bytes, headers and the reason. */
import { stockStream } from "@holdfast/bus/StreamTopology"
import type { DecisionBatch } from "./DecisionBatch.ts"
import type { FactMessage, PoisonMessage } from "./SkuActor.ts"
import type { StockPartition } from "./StockPartition.ts"

/** Sets a message aside, in the same transaction that moves past it. */
export const park = (
  partition: StockPartition,
  message: FactMessage | PoisonMessage,
  reason: string,
  detail: string,
  batch: DecisionBatch
): void => {
  const fact = message.kind === "fact" ? message.fact : undefined
  batch.commit.parked.push({
    ...parkedMessage(partition, message),
    reason,
    detail,
    source: fact?.source,
    id: fact?.id,
    sku: fact?.sku,
    traceparent: message.kind === "fact" ? message.context.traceparent : undefined
  })
  if (message.kind === "fact") batch.parkedFacts.push({ partition, message, reason })
}

const parkedMessage = (partition: StockPartition, { sequence, item, raw }: FactMessage | PoisonMessage) => ({
  stream: stockStream,
  streamCreated: partition.streamCreated,
  sequence,
  item,
  subject: raw.subject,
  headers: raw.headers(),
  payload: raw.payload,
  storedAt: raw.storedAt
})
