/**
 * The event `stock.oversold` as it is published: a CloudEvent in structured JSON.
 *
 * Guarantee: its id is the same whenever it is said again, so that a repetition can be told. It does not say whether the shortage is
 * still there: stock may have arrived since.
 */
import type { OversoldNotice } from "@holdfast/domain/Oversold"
import { oversoldSubject } from "./Subject.ts"
import type { ChainMessage } from "./PublishChain.ts"

export const encodeOversold = (notice: OversoldNotice): ChainMessage => {
  const { sku, version, committedAt, traceparent, ...data } = notice
  return {
    subject: oversoldSubject(sku),
    payload: JSON.stringify({
      specversion: "1.0",
      type: "stock.oversold",
      source: "holdfast",
      id: `${sku}/${version}`,
      subject: sku,
      time: new Date(committedAt).toISOString(),
      traceparent,
      data: { sku, ...data }
    })
  }
}
