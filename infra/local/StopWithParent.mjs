/**
 * Loaded before a program that the bootstrap runs: when the bootstrap is gone, the program is asked to stop.
 * The channel tells; it is closed by the system even when the bootstrap is killed. It keeps nothing alive.
 */
import { isMainThread } from "node:worker_threads"

if (isMainThread && process.channel !== undefined) {
  process.channel.unref()
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"))
}
