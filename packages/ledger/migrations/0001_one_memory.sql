ALTER TABLE "ledger" ADD COLUMN "cause_key" uuid;--> statement-breakpoint
-- the ids that were in seen_event, at the last change of each event: the hash of apps/engine/src/StockKey.ts
UPDATE "ledger" AS l SET "cause_key" = substr(encode(sha256('event'::bytea || '\x00'::bytea || convert_to(l.cause_source, 'UTF8') || '\x00'::bytea
  || convert_to(l.cause_id, 'UTF8') || '\x00'::bytea || convert_to(l.sku, 'UTF8')), 'hex'), 1, 32)::uuid
FROM (SELECT sku, max(version) AS version FROM "ledger" WHERE cause_source NOT IN ('request', 'clock') GROUP BY sku, cause_source, cause_id) AS latest
WHERE l.sku = latest.sku AND l.version = latest.version;--> statement-breakpoint
DROP TABLE "seen_event" CASCADE;--> statement-breakpoint
ALTER TABLE "ledger" DROP CONSTRAINT "ledger_sku_version_committed_at_pk";--> statement-breakpoint
CREATE INDEX "ledger_by_sku" ON "ledger" USING btree ("sku","version");--> statement-breakpoint
CREATE INDEX "ledger_by_cause" ON "ledger" USING btree ("cause_key") WHERE "ledger"."cause_key" is not null;--> statement-breakpoint
ALTER TABLE "ledger" DROP COLUMN "partition";--> statement-breakpoint
ALTER TABLE "ledger" DROP COLUMN "epoch";--> statement-breakpoint
DROP INDEX "parked_once";--> statement-breakpoint
ALTER TABLE "parked" ADD COLUMN "item" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "parked_once" ON "parked" USING btree ("stream","stream_created","sequence","item");
