/** What a channel said of one of its budgets along with an answer. What it did not say is absent. Plain data. */
export interface BudgetObservation {
  readonly kind: "requests" | "cost"
  /** requests of a window, or points of a bucket */
  readonly max?: number
  readonly windowMillis?: number
  /** requests or points that are left */
  readonly remaining?: number
  /** milliseconds since the epoch at which a window begins anew */
  readonly resetAt?: number
  /** requests or points per second */
  readonly restorePerSecond?: number
}
