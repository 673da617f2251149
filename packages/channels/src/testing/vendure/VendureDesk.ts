/** What a shop's people do with orders, through Vendure's Admin API. What cannot be done rejects with what Vendure said. */
import type { VendureClient } from "./VendureClient.ts"

interface ShopOrder {
  readonly id: string
  readonly state: string
  readonly lines: ReadonlyArray<{
    readonly id: string
    readonly quantity: number
    readonly productVariant: { readonly id: string }
  }>
}

export class VendureDesk {
  private readonly admin: VendureClient

  constructor(admin: VendureClient) {
    this.admin = admin
  }

  private async order(code: string): Promise<ShopOrder> {
    const { orders } = await this.admin.ask<{ orders: { items: ReadonlyArray<ShopOrder> } }>(
      `query($code: String!) { orders(options: { filter: { code: { eq: $code } } }) {
        items { id state lines { id quantity productVariant { id } } } } }`,
      { code }
    )
    return orders.items[0]!
  }

  /** @returns id of the order, and its state now */
  async stateOf(code: string): Promise<Pick<ShopOrder, "id" | "state">> {
    return this.order(code)
  }

  private async done<A extends { readonly message?: string }>(query: string, variables: object): Promise<A> {
    const { answer } = await this.admin.ask<{ answer: A }>(query, variables)
    if (answer.message !== undefined) throw new Error(answer.message)
    return answer
  }

  /** Ships so many units of each line, or what is left of it. */
  async ship(code: string, units?: number): Promise<void> {
    const { lines } = await this.order(code)
    const input = {
      lines: lines.map(({ id, quantity }) => ({ orderLineId: id, quantity: units ?? quantity })),
      handler: { code: "manual-fulfillment", arguments: [{ name: "method", value: "by hand" }] }
    }
    const { id } = await this.done<{ id: string; message?: string }>(
      `mutation($input: FulfillOrderInput!) { answer: addFulfillmentToOrder(input: $input) {
        ... on Fulfillment { id } ... on ErrorResult { message } } }`,
      { input }
    )
    await this.done(
      `mutation($id: ID!) { answer: transitionFulfillmentToState(id: $id, state: "Shipped") {
        ... on Fulfillment { id } ... on ErrorResult { message } } }`,
      { id }
    )
  }

  /** Cancels so many units of each line, or the whole order. */
  async cancel(code: string, units?: number): Promise<void> {
    const { id, lines } = await this.order(code)
    const some = units === undefined ? {} : { lines: lines.map((line) => ({ orderLineId: line.id, quantity: units })) }
    await this.done(
      `mutation($input: CancelOrderInput!) { answer: cancelOrder(input: $input) {
        ... on Order { id } ... on ErrorResult { message } } }`,
      { input: { orderId: id, ...some } }
    )
  }
}
