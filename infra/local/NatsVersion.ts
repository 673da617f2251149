/**
 * Which nats-server is new enough: 2.12, the oldest that is supported here.
 */

export interface NatsVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

export const oldestSupported: NatsVersion = { major: 2, minor: 12, patch: 0 }

/** Reads `nats-server: v2.15.1` (what `--version` prints), `2.15.1-1+b3` (a package's version) and the like. */
export const parse = (text: string): NatsVersion | undefined => {
  const match = /(?:^|[^\d.])(\d+)\.(\d+)\.(\d+)/.exec(text)
  if (match === null) return undefined
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) }
}

export const isSupported = (version: NatsVersion): boolean =>
  version.major > oldestSupported.major ||
  (version.major === oldestSupported.major && version.minor >= oldestSupported.minor)

export const format = ({ major, minor, patch }: NatsVersion): string => `${major}.${minor}.${patch}`
