/** Units that a channel shows and that are not there, over time: what an oversold order is drawn from. */

export interface Exposure {
  /** units shown too many where none or fewer are there, times the seconds */
  unitSeconds: number
}

export const emptyExposure = (): Exposure => ({ unitSeconds: 0 })

/** For a span of time. Only units that could be sold out count: what is shown above a stock that is large harms nobody soon. */
export const exposed = (exposure: Exposure, shown: number, units: number, seconds: number): void => {
  if (units <= 0 && shown > 0) exposure.unitSeconds += shown * seconds
}
