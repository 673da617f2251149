CREATE TABLE "bundle_definition" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"stream_created" text NOT NULL,
	"sequence" bigint NOT NULL,
	"line" smallint NOT NULL,
	"bundle" text NOT NULL,
	"components" jsonb NOT NULL,
	"event_source" text NOT NULL,
	"event_id" text NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "bundle_definition_once" ON "bundle_definition" USING btree ("stream_created","sequence","line");