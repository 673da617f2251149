/** What `npm start` shows of itself at one moment: plain data. Times are milliseconds unless a name says seconds. */

export interface DemoChannelRow {
  readonly id: string
  readonly timing: string
  readonly budgetMillis: number
  /** share of events that must be in time, 0 to 1 */
  readonly objective: number
  readonly events: number
  readonly pushes: number
  /** events that needed no push of their own: a newer quantity spoke for them, or nothing changed for the channel */
  readonly coalesced: number
  /** listings that wait or are under way */
  readonly pending: number
  /** event to acknowledgement; undefined until there is one */
  readonly p50: number | undefined
  readonly p99: number | undefined
  /** share of the judged events that were in time, 0 to 1 */
  readonly withinBudget: number
  readonly retries: number
  readonly circuit: string
  /** what is given up while more is due than it takes in time: 0 nothing, 5 all that there is */
  readonly rung: number
  readonly oversoldUnits: number
}

export interface DemoSnapshot {
  readonly elapsedSeconds: number
  /** share of the sample that was played, 0 to 1 */
  readonly progress: number
  readonly eventsPerSecond: number
  /** changes in the ledger */
  readonly committed: number
  readonly parked: number
  readonly channels: ReadonlyArray<DemoChannelRow>
}
