/** What the fields of events, requests and answers mean, by their name, which means the same wherever it is used. */

const texts: Readonly<Record<string, string>> = {
  // events and requests
  sku: "the thing that is stocked, as every system calls it: compared byte by byte",
  locationId: "the place that holds the stock; `main` unless given",
  quantity: "units",
  delta: "units to add, or with a minus to take away; not 0",
  orderId: "the order, as the shop calls it",
  channel: "the sales channel: that the order came through, or whose quota and ring-fence it is about",
  destination: "where the order goes: a region as the cost table names it",
  reservationId: "the reservation, as its grant named it",
  lines: "what happened to which SKU",
  reason: "why, for people",
  by: "who, for people",
  reference: "a note for people: a delivery, a shelf, a parcel",
  partial: "whether less than all is welcome: then what there is of each line is held, at least one unit overall",
  guard:
    "whether announcements flag these units, as `guarded`, for as long as they are held; they lower what is available in any case",
  shipmentId: "the shipment, as the system that keeps it calls it",
  returnId: "the return, as the system that keeps it calls it",
  transferId: "the transfer, as the system that keeps it calls it",
  purchaseId: "the purchase order, as the system that keeps it calls it",
  countId: "the count, as the system that keeps it calls it",
  fromLocationId: "the location that the goods left",
  toLocationId: "the location that the goods go to",
  putaway: "`done`: the goods are in their place already and can be sold at once",
  disposition: "what becomes of the goods",
  status: "why the corrected units cannot be sold; units that can unless given",
  closed: "nothing more will arrive: what is missing is the transfer's difference",
  part: "which part of the inventory this is, from 1",
  parts: "how many parts there are: with it the inventory is closed",
  expectedAt: "when the goods are to arrive",
  countedAt: "when it was counted: what moved later is not undone by the count",
  quota: "most units that the channel's orders and holds may ask for; null lifts it",
  ringFence: "units that no other channel may have; null lifts it",
  limit: "units that may be promised beyond what is there; 0: none",
  kind: "`preorder` where nothing is there yet; `backorder` unless given",
  safetyStock: "units that are never promised",
  promise: "whether to say from when on how many may be promised",
  components: "what one bundle is made of; none at all: it is a bundle no more",
  key: "the caller's own name for the request: the same key hears the same answer for at least a day",
  ttlMillis: "milliseconds that the hold lives unless it is confirmed; ten minutes unless given",
  // answers and announcements
  version: "rises with every change of the SKU",
  available: "units that could still be promised at that moment; negative when more is promised than is there",
  expiresAt: "when the hold ends by itself, in milliseconds since 1970, by the database's clock",
  retryAfterMillis: "milliseconds to wait before asking again",
  message: "what is wrong, for people",
  field: "path of the field, such as `data.lines[3].quantity`",
  errors: "what is wrong, field by field"
}

export const textOfField = (name: string): string | undefined => (Object.hasOwn(texts, name) ? texts[name] : undefined)
