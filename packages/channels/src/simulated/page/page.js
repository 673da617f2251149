// @ts-check
/** Keeps the page of a simulated channel up to date: asks for its state every second and shows it. */

const refreshMillis = 1000
const rowsMax = 300
const freshMillis = 2500

const whole = new Intl.NumberFormat("en")
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id))
const search = /** @type {HTMLInputElement} */ (at("search"))

/** @param {string} id @param {number} value @param {string} [tone] shown when the value is not zero */
const figure = (id, value, tone) => {
  at(id).textContent = whole.format(value)
  at(id).className = value > 0 && tone !== undefined ? tone : ""
}

/** @param {string} text @param {string} [className] */
const cell = (text, className) => {
  const element = document.createElement("td")
  element.textContent = text
  if (className !== undefined) element.className = className
  return element
}

/** @param {number} millis */
const ago = (millis) => {
  const seconds = Math.max(0, Math.round(millis / 1000))
  if (seconds < 60) return `${seconds} s ago`
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`
}

/** @param {number} quantity */
const tone = (quantity) => (quantity === 0 ? "n quantity zero" : quantity <= 3 ? "n quantity low" : "n quantity")

const showHealth = (behaviour) => {
  const faulty = behaviour.throttledShare + behaviour.errorShare + behaviour.droppedShare > 0
  const [text, className] =
    behaviour.outage === "silent"
      ? ["silent: takes requests, never answers", "away"]
      : behaviour.outage === "refusing"
        ? ["away: cuts every connection", "away"]
        : faulty
          ? ["up, with faults on purpose", "faulty"]
          : ["up", "well"]
  at("health").textContent = text
  at("health").className = `badge ${className}`
}

const showBehaviour = (behaviour) => {
  const percent = (share) => `${Math.round(share * 1000) / 10} %`
  const limit =
    behaviour.perSecond === 0
      ? "none"
      : `${whole.format(behaviour.perSecond)}/s, burst ${whole.format(behaviour.burst)}`
  at("behaviour").textContent = [
    `Answers after ${behaviour.latencyMillis} to ${behaviour.latencyMillis + behaviour.jitterMillis} ms`,
    `rate limit ${limit}`,
    `429 at random ${percent(behaviour.throttledShare)}`,
    `500 at random ${percent(behaviour.errorShare)}`,
    `answers lost ${percent(behaviour.droppedShare)}`
  ].join(" · ")
}

const bar = (className, index, height) => {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect")
  rect.setAttribute("class", className)
  rect.setAttribute("x", String(index * 10 + 1))
  rect.setAttribute("width", "8")
  rect.setAttribute("y", String(60 - height))
  rect.setAttribute("height", String(height))
  return rect
}

const showChart = (received, throttled) => {
  const peak = Math.max(...received)
  const scale = 58 / Math.max(peak, 1)
  at("peak").textContent = peak === 0 ? "" : `· peak ${whole.format(peak)}/s`
  const bars = received.map((count, index) => bar("received", index, count * scale))
  const limited = throttled.map((count, index) => bar("limited", index, count * scale))
  at("chart").replaceChildren(...bars, ...limited)
}

const changeRow = (write, now) => {
  const row = document.createElement("tr")
  if (write.olderOverNewer) row.className = "wrong"
  else if (now - write.appliedAt < freshMillis) row.className = "fresh"
  const from = write.before === undefined ? "new" : whole.format(write.before)
  const step = cell("", "n")
  const before = document.createElement("span")
  before.className = "dim"
  before.textContent = `${from} → `
  const after = document.createElement("b")
  after.textContent = whole.format(write.quantity)
  step.append(before, after)
  row.append(
    cell(clock.format(write.appliedAt), "dim"),
    cell(write.sku, "sku"),
    step,
    cell(whole.format(write.version), "n dim")
  )
  row.title = write.olderOverNewer ? "An older version was put over a newer one" : write.sku
  return row
}

const showState = (state) => {
  const now = Date.now()
  document.title = `${state.name} · simulated channel`
  at("name").textContent = state.name
  figure("listings", state.listings)
  figure("units", state.units)
  figure("soldOut", state.soldOut, "red")
  figure("applied", state.applied)
  figure("throttled", state.throttled, "amber")
  figure("faults", state.failed + state.dropped, "amber")
  figure("older", state.olderOverNewer, "red")
  const last = state.receivedPerSecond.slice(-10)
  at("rate").textContent = (last.reduce((sum, count) => sum + count, 0) / last.length).toFixed(1)
  showHealth(state.behaviour)
  showBehaviour(state.behaviour)
  showChart(state.receivedPerSecond, state.throttledPerSecond)
  at("recent").replaceChildren(...state.recent.map((write) => changeRow(write, now)))
  at("quiet").hidden = state.recent.length > 0
}

const listingRow = (listing, now) => {
  const row = document.createElement("tr")
  if (now - listing.appliedAt < freshMillis) row.className = "fresh"
  row.title = listing.sku
  row.append(
    cell(listing.sku, "sku"),
    cell(whole.format(listing.quantity), tone(listing.quantity)),
    cell(whole.format(listing.version), "n dim"),
    cell(ago(now - listing.appliedAt), "n dim")
  )
  return row
}

const showListings = ({ total, listings }) => {
  const now = Date.now()
  at("rows").replaceChildren(...listings.map((listing) => listingRow(listing, now)))
  at("matches").textContent =
    total > listings.length
      ? `first ${whole.format(listings.length)} of ${whole.format(total)}`
      : `${whole.format(total)}`
  const empty = at("empty")
  empty.hidden = total > 0
  empty.textContent = search.value === "" ? "This channel shows nothing yet." : `No SKU contains “${search.value}”.`
}

const ask = async (path) => {
  const response = await fetch(path, { cache: "no-store" })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return response.json()
}

const refresh = async () => {
  const query = new URLSearchParams({ search: search.value.trim(), limit: String(rowsMax) })
  try {
    const [state, listings] = await Promise.all([ask("/state"), ask(`/listings?${query}`)])
    showState(state)
    showListings(listings)
  } catch {
    at("health").textContent = "not running"
    at("health").className = "badge away"
  }
}

const loop = async () => {
  if (!document.hidden) await refresh()
  setTimeout(() => void loop(), refreshMillis)
}

search.addEventListener("input", () => void refresh())
document.addEventListener("visibilitychange", () => void refresh())
void loop()
