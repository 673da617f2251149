/**
 * The moments between two steps of whoever works on a group: where it could be killed.
 *
 * Nothing happens there. Tests provide their own, to stop the work at one of them.
 */
import { Context } from "effect"

/** What is about to be done. */
export type GroupStep =
  | "begin"
  | "ask lines"
  | "ask a line"
  | "decide"
  | "read"
  | "end"
  | "tell lines"
  | "tell a line"
  | "settle"
  | "restart"
  | "answer"

/** Called before each step of the group with that id; the step waits for what is returned. */
export type Reached = (step: GroupStep, group: string) => Promise<void> | undefined

export class GroupSteps extends Context.Reference<Reached>("@holdfast/engine/GroupSteps", {
  defaultValue: () => () => undefined
}) {}
