CREATE TABLE "channel_definition" (
	"channel" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"definition" jsonb NOT NULL,
	CONSTRAINT "channel_definition_channel_since_pk" PRIMARY KEY("channel","since")
);
--> statement-breakpoint
CREATE TABLE "listing_history" (
	"channel" text NOT NULL,
	"sku" text NOT NULL,
	"quantity" integer NOT NULL,
	"version" bigint NOT NULL,
	"outcome" text NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"answered_at" timestamp with time zone NOT NULL,
	"attempts" integer NOT NULL,
	"detail" text,
	"lost" integer,
	"stored_at" timestamp with time zone DEFAULT now() NOT NULL
) PARTITION BY RANGE ("stored_at");
--> statement-breakpoint
CREATE INDEX "listing_history_by_listing" ON "listing_history" USING btree ("channel","sku","answered_at");