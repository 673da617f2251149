/**
 * Runs a program in our place: its streams are ours, our signals are its signals, its exit code is ours.
 *
 * Guarantee: the program gets each request to stop once. A terminal's Ctrl-C would reach it two or three times (from
 * the terminal, from npm and from us), and a program that drains on the first would give up on the second. So it gets a
 * process group of its own, and what comes within a second of a signal counts as the same one. When npm or we are
 * killed outright it is asked to stop too.
 */
import { spawn } from "node:child_process"
import { delimiter, dirname, join } from "node:path"
import { constants } from "node:os"
import { fileURLToPath, pathToFileURL } from "node:url"
import { serviceEnvironment } from "./NodeFlags.mjs"

const sameSignalMs = 1000
const lookForNpmMs = 500
const preload = pathToFileURL(join(dirname(fileURLToPath(import.meta.url)), "StopWithParent.mjs")).href

/** Resolves to the exit code; 128 + its number for a signal. */
export const runChild = (node, args, clone) =>
  new Promise((resolve) => {
    // The pinned Node also has to be the one that tools find which start `node` themselves.
    const PATH = [dirname(node), join(clone, "node_modules/.bin"), process.env.PATH].join(delimiter)
    const child = spawn(node, ["--import", preload, ...args], {
      detached: true,
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...serviceEnvironment, ...process.env, PATH }
    })
    forwardSignals(child)
    child.once("error", (error) => {
      process.stderr.write(
        `holdfast: ${node} cannot be run: ${error.message}. Remove node_modules and run the command again.\n`
      )
      resolve(1)
    })
    child.once("exit", (code, signal) => resolve(signal === null ? code : 128 + constants.signals[signal]))
  })

const forwardSignals = (child) => {
  let last = -Infinity
  const ask = (signal) => {
    const now = performance.now()
    if (now - last > sameSignalMs) child.kill(signal)
    last = now
  }
  process.on("SIGINT", () => ask("SIGINT"))
  process.on("SIGTERM", () => ask("SIGTERM"))
  process.on("SIGHUP", () => ask("SIGTERM"))
  whenNpmEnds(() => ask("SIGTERM"))
}

/** Only npm is watched: whoever runs the bootstrap directly may well go away and leave it running. */
const whenNpmEnds = (act) => {
  if (process.env.npm_lifecycle_event === undefined) return
  const npm = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === npm) return
    clearInterval(timer)
    act()
  }, lookForNpmMs)
  timer.unref()
}
