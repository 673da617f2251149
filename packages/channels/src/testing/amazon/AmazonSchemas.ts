/**
 * What a change of a listing must look like, as Amazon publishes it.
 *
 * Amazon's Selling Partner API models (github.com/amzn/selling-partner-api-models, Apache License 2.0) come with the npm package
 * `@sp-api-sdk/schemas` (MIT). A change over the Listings Items API has a product type and patches, which are those of a message of
 * `JSON_LISTINGS_FEED`, of which there is a schema. Notifications have schemas of their own. What no schema expresses is
 * `AmazonSeller`'s and `AmazonContract`'s.
 */
import { Feeds, Notifications } from "@sp-api-sdk/schemas"
import { Ajv } from "ajv"

const ajv = new Ajv({ strict: false })

const { productType, patches } = Feeds.listingsFeedMessageSchemaV2.properties

const isChange = ajv.compile({
  type: "object",
  required: ["productType", "patches"],
  properties: { productType, patches },
  additionalProperties: false
})

const isOrderChange = ajv.compile(Notifications.orderChangeNotification)

/** One change of a listing that keeps the schema. */
export interface Change {
  readonly productType: string
  readonly patches: ReadonlyArray<{
    readonly op: string
    readonly path: string
    readonly value?: ReadonlyArray<Readonly<Record<string, unknown>>>
  }>
}

/** @returns the change, or what is wrong with it */
export const changeOf = (body: unknown): Change | string =>
  isChange(body) ? (body as unknown as Change) : ajv.errorsText(isChange.errors)

/** What is wrong with a notification of ORDER_CHANGE; undefined: nothing. */
export const faultOfOrderChange = (notification: unknown): string | undefined =>
  isOrderChange(notification) ? undefined : ajv.errorsText(isOrderChange.errors)
