/** Ingest as a process of its own, to be killed: `NATS_URL` and `DATABASE_URL` say where. */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { Database } from "@holdfast/ledger/Database"
import { NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import * as Ingest from "../src/Ingest.ts"

const { NATS_URL, DATABASE_URL } = process.env

Ingest.layer().pipe(
  Layer.provide(Layer.merge(NatsConnection.layer(NATS_URL!, "ingest process"), Database.layer(DATABASE_URL!))),
  Layer.launch,
  NodeRuntime.runMain
)
