/**
 * A Vendure server on loopback, for tests: `DATABASE_URL`, `VENDURE_PASSWORD` of its superadmin. It makes its tables, prints one
 * line of JSON (`{"port": 1234}`) once it serves, and ends on SIGTERM. Its shop is empty: fill it through its API.
 */
import { bootstrap, DefaultLogger, dummyPaymentHandler, LogLevel } from "@vendure/core"

const { hostname, password, pathname, port, username } = new URL(process.env.DATABASE_URL)

const app = await bootstrap({
  apiOptions: { hostname: "127.0.0.1", port: 0, adminApiPath: "admin-api", shopApiPath: "shop-api" },
  authOptions: {
    tokenMethod: ["bearer", "api-key"],
    superadminCredentials: { identifier: "superadmin", password: process.env.VENDURE_PASSWORD },
    cookieOptions: { secret: process.env.VENDURE_PASSWORD }
  },
  dbConnectionOptions: {
    type: "postgres",
    host: hostname,
    port: Number(port),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    synchronize: true,
    logging: false,
    // buyers who pay at the same moment must not wait for each other here
    extra: { max: 16 }
  },
  logger: new DefaultLogger({ level: LogLevel.Error }),
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] }
})

process.once("SIGTERM", () => void app.close().finally(() => process.exit(0)))
process.stdout.write(`${JSON.stringify({ port: app.getHttpServer().address().port })}\n`)
