/**
 * One line on standard error that shows how long a step has taken: rewritten every second on a terminal, repeated now
 * and then elsewhere, so that a log is not flooded.
 */

const repeatSeconds = 15

/** Shows `text` until `end()`. */
export const progress = (text) => {
  const terminal = process.stderr.isTTY === true
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  const show = () =>
    process.stderr.write(
      terminal ? `\r\x1b[2Kholdfast: ${text} ... ${seconds()} s` : `holdfast: ${text} ... ${seconds()} s\n`
    )
  process.stderr.write(terminal ? "" : `holdfast: ${text}\n`)
  const timer = setInterval(show, terminal ? 1000 : repeatSeconds * 1000)
  return {
    end: () => {
      clearInterval(timer)
      if (terminal) show()
      process.stderr.write(terminal ? "\n" : `holdfast: done in ${seconds()} s\n`)
    }
  }
}
