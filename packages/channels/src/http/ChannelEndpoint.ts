/** The address of a channel's API, as its definition gives it. Guarantee: http or https, and no credentials in it. */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Effect } from "effect"
import { ConnectorError } from "../ConnectorError.ts"

/** The endpoint as a URL: http or https, without credentials in it. */
export const endpointOf = (definition: ChannelDefinition): Effect.Effect<URL, ConnectorError> =>
  Effect.suspend(() => {
    const refuse = (detail: string) =>
      Effect.fail(new ConnectorError({ channel: definition.id, field: "endpoint", detail }))
    const url = URL.parse(definition.endpoint)
    if (url === null || !/^https?:$/.test(url.protocol)) return refuse("must be an http or https URL")
    if (url.username !== "" || url.password !== "") return refuse("must not hold credentials: name them in secretEnv")
    return Effect.succeed(url)
  })

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)

/** The same, for a channel that is shown a secret with every request: https, unless it is on this machine. */
export const secureEndpointOf = (definition: ChannelDefinition): Effect.Effect<URL, ConnectorError> =>
  Effect.flatMap(endpointOf(definition), (url) => {
    if (url.protocol === "https:" || isLoopback(url)) return Effect.succeed(url)
    const detail = "must be an https URL: the secret goes with every request"
    return Effect.fail(new ConnectorError({ channel: definition.id, field: "endpoint", detail }))
  })
