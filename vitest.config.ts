/**
 * Two kinds of tests, told apart by their file name: `X.test.ts` needs nothing but a processor, `X.int.test.ts` talks
 * to real servers. Both are in the `test` folder of their package.
 */
import { defineConfig } from "vitest/config"

const files = (suffix: string) =>
  ["packages", "apps"].map((group) => `${group}/*/test/**/*.${suffix}.ts`).concat(`infra/test/**/*.${suffix}.ts`)

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: files("test"),
          exclude: ["**/node_modules/**", "**/*.int.test.ts"],
          testTimeout: 20_000
        }
      },
      {
        test: {
          name: "int",
          include: files("int.test"),
          globalSetup: ["infra/testing/globalSetup.ts"],
          // Real servers share two processors with the tests: more files at once only makes each of them wait.
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          teardownTimeout: 30_000
        }
      }
    ]
  }
})
