/** The OpenAPI 3.1 document: the HTTP API. A test holds its paths against the routes of the apps. */
import { cataloguePaths, catalogueSchemas } from "./CataloguePaths.ts"
import { bundlePaths, bundleSchemas } from "./BundlePaths.ts"
import { channelPaths, channelSchemas } from "./ChannelPaths.ts"
import { info, rules } from "./Document.ts"
import { eventPaths, eventSchemas } from "./EventPaths.ts"
import type { Json } from "./PayloadSchema.ts"
import { reservationPaths, reservationSchemas } from "./ReservationPaths.ts"

/** The document, as plain data. */
export const openApi = (): Json => ({
  openapi: "3.1.0",
  info: info("Holdfast over HTTP", rules),
  servers: [{ url: "http://localhost:8420", description: "`npm start`, unless the port was taken" }],
  security: [{}, { token: [] }],
  paths: { ...eventPaths(), ...reservationPaths(), ...cataloguePaths(), ...channelPaths(), ...bundlePaths() },
  components: {
    securitySchemes: { token: { type: "http", scheme: "bearer", description: "needed where the server has a token" } },
    schemas: {
      ...eventSchemas(),
      ...reservationSchemas(),
      ...catalogueSchemas(),
      ...channelSchemas(),
      ...bundleSchemas()
    }
  }
})
