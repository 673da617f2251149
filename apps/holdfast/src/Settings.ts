/** Where Holdfast keeps its data and listens, on one machine. */
import { Config, Schema } from "effect"
import { join } from "node:path"

/** `.holdfast` of the working directory, unless `HOLDFAST_DATA_DIR` says otherwise. */
export const dataDir = Config.String("HOLDFAST_DATA_DIR").pipe(Config.withDefault(join(process.cwd(), ".holdfast")))

/** `Config.Port` knows no 0. */
const PortOrAny = Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 65_535 }))

/** Loopback port of the HTTP server: `HOLDFAST_HTTP_PORT`, 0 for any free one; without it 8420, or a free one if taken. */
export const httpPort = Config.option(Config.schema(PortOrAny, "HOLDFAST_HTTP_PORT"))

export const defaultHttpPort = 8420
