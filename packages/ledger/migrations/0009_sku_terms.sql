CREATE TABLE "sku_terms" (
	"sku" text PRIMARY KEY NOT NULL,
	"terms" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "hold" ADD COLUMN "channel" text;--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "terms" text;--> statement-breakpoint
ALTER TABLE "reservation_group" ADD COLUMN "channel" text;