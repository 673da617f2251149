/**
 * What the global set-up of the integration tests hands to the test processes, which inherit its environment.
 */
import { resolve } from "node:path"

const variable = "HOLDFAST_TEST_DATABASE_URL"

/** Where test servers keep their data: inside the clone, so that what a killed run left behind is found by the next. */
export const testRoot: string = resolve(import.meta.dirname, "../../.holdfast/test")

/** URL of the PostgreSQL that all integration tests share, as its superuser. */
export const adminUrl = (): string => {
  const url = process.env[variable]
  if (url === undefined) {
    throw new Error(
      "No PostgreSQL for tests: only *.int.test.ts files get one, so name the file so, and run it with `npm test`."
    )
  }
  return url
}

export const provideAdminUrl = (url: string): void => {
  process.env[variable] = url
}
