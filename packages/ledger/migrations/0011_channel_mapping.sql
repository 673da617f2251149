CREATE TABLE "channel_mapping" (
	"channel" text NOT NULL,
	"sku" text NOT NULL,
	"external" jsonb NOT NULL,
	"key" text NOT NULL,
	"change" bigserial NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "channel_mapping_channel_sku_pk" PRIMARY KEY("channel","sku")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "channel_mapping_by_key" ON "channel_mapping" USING btree ("channel","key");--> statement-breakpoint
CREATE UNIQUE INDEX "channel_mapping_by_change" ON "channel_mapping" USING btree ("change");