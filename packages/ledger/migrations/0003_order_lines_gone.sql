DROP TABLE "order_line" CASCADE;--> statement-breakpoint
ALTER TABLE "ledger" DROP COLUMN "order_id";--> statement-breakpoint
ALTER TABLE "ledger" DROP COLUMN "line_open";--> statement-breakpoint
ALTER TABLE "ledger" DROP COLUMN "line_confirmed_ahead";--> statement-breakpoint
ALTER TABLE "ledger" DROP COLUMN "line_cancelled_ahead";