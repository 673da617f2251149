CREATE TABLE "channel_definition" (
	"id" bigserial NOT NULL,
	"channel" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"definition" jsonb NOT NULL,
	"operation" text DEFAULT 'running' NOT NULL,
	"changed_by" text NOT NULL,
	"reason" text,
	"undoes" bigint,
	CONSTRAINT "channel_definition_channel_since_pk" PRIMARY KEY("channel","since")
);
--> statement-breakpoint
CREATE TABLE "channel_release" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"channel" text NOT NULL,
	"skus" text[],
	"released_by" text NOT NULL,
	"reason" text,
	"released_at" timestamp with time zone DEFAULT now() NOT NULL,
	"taken_at" timestamp with time zone,
	"listings" integer
);
--> statement-breakpoint
CREATE TABLE "channel_run" (
	"channel" text NOT NULL,
	"ran_at" timestamp with time zone NOT NULL,
	"listings" integer NOT NULL,
	CONSTRAINT "channel_run_channel_ran_at_pk" PRIMARY KEY("channel","ran_at")
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
CREATE UNIQUE INDEX "channel_definition_by_id" ON "channel_definition" USING btree ("id");--> statement-breakpoint
CREATE INDEX "listing_history_by_listing" ON "listing_history" USING btree ("channel","sku","answered_at");