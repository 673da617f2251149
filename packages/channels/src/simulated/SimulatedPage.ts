/**
 * The page of a simulated channel: three files beside this module, served under a policy that allows nothing else.
 *
 * Guarantee: nothing is fetched from elsewhere, and nothing in a SKU can become markup or script.
 */
import { readFileSync } from "node:fs"

export interface PageAsset {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*"
].join("; ")

const asset = (name: string, type: string): PageAsset => ({
  body: readFileSync(new URL(`./page/${name}`, import.meta.url)),
  headers: {
    "content-type": type,
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache"
  }
})

const assets = new Map([
  ["/", asset("page.html", "text/html; charset=utf-8")],
  ["/page.css", asset("page.css", "text/css; charset=utf-8")],
  ["/page.js", asset("page.js", "text/javascript; charset=utf-8")]
])

export const pageAsset = (path: string): PageAsset | undefined => assets.get(path)
