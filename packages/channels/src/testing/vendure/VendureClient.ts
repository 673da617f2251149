/** One of the two GraphQL APIs of a Vendure server, with a session of its own. Rejects with what Vendure said. */

interface Answer<A> {
  readonly data?: A
  readonly errors?: ReadonlyArray<{ readonly message: string }>
}

export class VendureClient {
  private readonly api: string
  private session: string | undefined

  /** @param api `http://.../admin-api` or `http://.../shop-api` */
  constructor(api: string) {
    this.api = api
  }

  static async signIn(api: string, username: string, password: string): Promise<VendureClient> {
    const client = new VendureClient(api)
    await client.ask(`mutation($u: String!, $p: String!) { login(username: $u, password: $p) { __typename } }`, {
      u: username,
      p: password
    })
    return client
  }

  /** The bearer token of the session; undefined before Vendure began one. */
  get token(): string | undefined {
    return this.session
  }

  async ask<A>(query: string, variables: object = {}): Promise<A> {
    const response = await fetch(this.api, {
      method: "POST",
      body: JSON.stringify({ query, variables }),
      headers: {
        "content-type": "application/json",
        ...(this.session === undefined ? {} : { authorization: `Bearer ${this.session}` })
      }
    })
    this.session = response.headers.get("vendure-auth-token") ?? this.session
    const { data, errors = [] } = (await response.json()) as Answer<A>
    if (errors.length > 0 || data === undefined) throw new Error(errors.map(({ message }) => message).join("; "))
    return data
  }
}
