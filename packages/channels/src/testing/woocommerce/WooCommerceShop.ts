/**
 * What a WooCommerce shop knows and how it takes a batch: item by item, and what it does without a word: it keeps no stock of some
 * products, and moves a variation to the product that a batch names.
 */

/** `parentId`: it is a variation of that product. */
export interface ShopProduct {
  quantity: number | null
  managesStock: boolean
  readonly type: "simple" | "variable" | "grouped" | "external" | "variation"
  parentId?: number
}

export interface StockUpdate {
  readonly id: number
  readonly manage_stock?: boolean
  readonly stock_quantity?: number
}

/** Of WordPress. */
export interface WpError {
  readonly code: string
  readonly message: string
  readonly data: { readonly status: number }
}

export const wpError = (status: number, code: string, message: string): WpError => ({ code, message, data: { status } })

/** Characters of the description that a product is answered with. */
const descriptionChars = 20_000

export class WooCommerceShop {
  /** consumer key and secret: others make the old ones worthless */
  key = "ck_0a1b"
  secret = "cs_2c3d"
  readonly products = new Map<number, ShopProduct>()
  /** quantities that were set */
  applied = 0
  /** where the shop is below its host, such as "/shop" */
  directory = ""
  /** the setting "Manage stock" of the shop */
  keepsStock = true
  /** WooCommerce 10.3 or later */
  listsAllVariations = true
  /** the next update of this product fails with this */
  readonly failing = new Map<number, WpError>()

  add(id: number, product: Partial<ShopProduct> = {}): void {
    this.products.set(id, { quantity: 0, managesStock: true, type: "simple", ...product })
  }

  /** @param parentId of a batch of variations: the product that its address names */
  update(update: StockUpdate, parentId: number | undefined): object {
    const { id } = update
    const product = this.products.get(id)
    const kind = parentId === undefined ? "product" : "product_variation"
    const refuse = (error: WpError) => ({ id, error })
    if (product === undefined) return refuse(wpError(400, `woocommerce_rest_${kind}_invalid_id`, "Invalid ID."))
    const failure = this.failing.get(id)
    if (failure !== undefined) return refuse(failure)
    if (parentId === undefined && product.type === "variation")
      return refuse(
        wpError(404, "woocommerce_rest_invalid_product_id", "To manipulate product variations you should ...")
      )
    if (parentId !== undefined) product.parentId = parentId
    this.set(product, update, parentId !== undefined)
    return { ...this.row(id, product), description: "x".repeat(descriptionChars) }
  }

  private set(product: ShopProduct, { manage_stock, stock_quantity }: StockUpdate, isVariation: boolean): void {
    if (!this.keepsStock && !isVariation) return
    if (product.type === "grouped" || product.type === "external") {
      product.managesStock = false
      product.quantity = null
      return
    }
    if (manage_stock !== undefined) product.managesStock = manage_stock
    if (!product.managesStock) product.quantity = null
    else if (stock_quantity !== undefined) {
      product.quantity = stock_quantity
      this.applied += 1
    }
  }

  /** What is listed under these ids. @param parentId variations of that product only; null: of any product */
  list(ids: ReadonlyArray<number>, parentId: number | null | undefined): ReadonlyArray<object> {
    return ids.flatMap((id) => {
      const product = this.products.get(id)
      if (product === undefined || (product.type === "variation") !== (parentId !== undefined)) return []
      if (typeof parentId === "number" && product.parentId !== parentId) return []
      return [{ ...this.row(id, product), ...(parentId === null ? { parent_id: product.parentId } : {}) }]
    })
  }

  private row(id: number, { managesStock, quantity, type, parentId }: ShopProduct): object {
    const parent = type === "variation" ? this.products.get(parentId!) : undefined
    if (!managesStock && parent?.managesStock === true)
      return { id, manage_stock: "parent", stock_quantity: parent.quantity }
    return { id, manage_stock: managesStock, stock_quantity: managesStock ? quantity : null }
  }
}
