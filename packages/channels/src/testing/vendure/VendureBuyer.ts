/**
 * A guest who buys one SKU through a Vendure shop's own API: chooses, says where to, pays.
 *
 * Guarantee: what the shop refuses is said in its words, as a result or a rejection.
 */
import { VendureClient } from "./VendureClient.ts"

/** What any step of a checkout answers. */
interface Step {
  readonly __typename: string
  readonly errorCode?: string
  readonly quantityAvailable?: number
  readonly state?: string
  readonly code?: string
}

const step = `__typename ... on Order { state code } ... on ErrorResult { errorCode }`

export interface Bought {
  /** of the order, such as `PaymentSettled`; what the shop said where it was refused */
  readonly state: string
  readonly code: string | undefined
}

const address = { streetLine1: "1 Street", countryCode: "DE" }

export class VendureBuyer {
  private readonly shop: VendureClient
  private readonly name: string

  /** @param url of the server @param name tells buyers apart */
  constructor(url: string, name: string) {
    this.shop = new VendureClient(`${url}/shop-api`)
    this.name = name
  }

  private async step(call: string, variables = "", values: object = {}, fields = ""): Promise<Step> {
    const { answer } = await this.shop.ask<{ answer: Step }>(
      `mutation ${variables} { answer: ${call} { ${step} ${fields} } }`,
      values
    )
    return answer
  }

  /** @returns how many of them the shop lets it have */
  async choose(variantId: string, quantity: number): Promise<number> {
    const answer = await this.step(
      `addItemToOrder(productVariantId: $id, quantity: $quantity)`,
      `($id: ID!, $quantity: Int!)`,
      { id: variantId, quantity },
      `... on InsufficientStockError { quantityAvailable }`
    )
    return answer.__typename === "Order" ? quantity : (answer.quantityAvailable ?? 0)
  }

  /** Everything but to pay. */
  async arrange(): Promise<void> {
    const emailAddress = `${this.name}@example.com`
    const customer = { firstName: this.name, lastName: "Buyer", emailAddress }
    await this.step(`setCustomerForOrder(input: $input)`, `($input: CreateCustomerInput!)`, { input: customer })
    await this.step(`setOrderShippingAddress(input: $input)`, `($input: CreateAddressInput!)`, { input: address })
    const { eligibleShippingMethods } = await this.shop.ask<{
      eligibleShippingMethods: ReadonlyArray<{ readonly id: string }>
    }>(`{ eligibleShippingMethods { id } }`)
    await this.step(`setOrderShippingMethod(shippingMethodId: [$id])`, `($id: ID!)`, {
      id: eligibleShippingMethods[0]!.id
    })
  }

  /** To the till and through it. */
  async pay(): Promise<Bought> {
    const { transition } = await this.shop.ask<{
      transition: { readonly state?: string; readonly transitionError?: string }
    }>(
      `mutation { transition: transitionOrderToState(state: "ArrangingPayment") {
        ... on Order { state } ... on OrderStateTransitionError { transitionError } } }`
    )
    if (transition.state !== "ArrangingPayment")
      return { state: transition.transitionError ?? "refused", code: undefined }
    const paid = await this.step(`addPaymentToOrder(input: { method: "any", metadata: {} })`)
    return { state: paid.state ?? paid.errorCode ?? "refused", code: paid.code }
  }

  async buy(variantId: string, quantity: number): Promise<Bought> {
    await this.choose(variantId, quantity)
    await this.arrange()
    return this.pay()
  }
}
