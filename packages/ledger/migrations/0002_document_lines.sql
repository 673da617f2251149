CREATE TABLE "document_line" (
	"kind" text NOT NULL,
	"document_id" text NOT NULL,
	"sku" text NOT NULL,
	"open" integer NOT NULL,
	"line" text NOT NULL,
	CONSTRAINT "document_line_document_id_sku_kind_pk" PRIMARY KEY("document_id","sku","kind")
);
--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "receiving" integer;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "inspection" integer;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "damaged" integer;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "quality" integer;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "incoming" integer;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "in_transit" integer;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "safety_stock" integer;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "counted" integer;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "counted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "safety_stock_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "document_id" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "line" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "done_by" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "reference" text;--> statement-breakpoint
ALTER TABLE "stock_level" ADD COLUMN "receiving" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "stock_level" ADD COLUMN "inspection" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "stock_level" ADD COLUMN "damaged" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "stock_level" ADD COLUMN "quality" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "stock_level" ADD COLUMN "incoming" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "stock_level" ADD COLUMN "in_transit" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "stock_level" ADD COLUMN "safety_stock" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "stock_level" ADD COLUMN "counted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "stock_level" ADD COLUMN "safety_stock_at" timestamp with time zone;--> statement-breakpoint
-- an order's lines by location become one line of the order; when they were placed is not known any more
INSERT INTO "document_line" ("kind", "document_id", "sku", "open", "line")
SELECT 'order', order_id, sku, sum(open), json_strip_nulls(json_build_object(
  'placed', CASE WHEN sum(open) > sum(confirmed_ahead) THEN json_build_array(json_build_array(0, sum(open) - sum(confirmed_ahead))) END,
  'confirmed', CASE WHEN sum(confirmed_ahead) > 0 THEN sum(open) END,
  'cancelled', CASE WHEN sum(greatest(cancelled_ahead, 0)) > 0 THEN json_build_array(json_build_array(0, sum(greatest(cancelled_ahead, 0)))) END,
  'voidAt', CASE WHEN bool_or(cancelled_ahead = -1) AND sum(open) = 0 THEN 0 END,
  'at', json_agg(json_build_array(location_id, open)) FILTER (WHERE open > 0)))::text
FROM "order_line" GROUP BY order_id, sku;--> statement-breakpoint
UPDATE "ledger" SET "document_id" = "order_id" WHERE "order_id" IS NOT NULL;--> statement-breakpoint
UPDATE "ledger" AS l SET "line" = d.line
FROM "document_line" AS d, (SELECT order_id, sku, max(version) AS version FROM "ledger" WHERE line_open IS NOT NULL GROUP BY order_id, sku) AS latest
WHERE l.sku = latest.sku AND l.version = latest.version AND d.document_id = latest.order_id AND d.sku = latest.sku;
