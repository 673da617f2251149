CREATE TABLE "account_budget" (
	"account" text PRIMARY KEY NOT NULL,
	"revision" bigint NOT NULL,
	"state" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "listing_day" (
	"channel" text NOT NULL,
	"sku" text NOT NULL,
	"written" jsonb NOT NULL,
	"until" timestamp with time zone NOT NULL,
	CONSTRAINT "listing_day_channel_sku_pk" PRIMARY KEY("channel","sku")
);
