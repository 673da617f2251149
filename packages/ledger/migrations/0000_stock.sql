CREATE TABLE "hold" (
	"reservation_id" text PRIMARY KEY NOT NULL,
	"sku" text NOT NULL,
	"location_id" text NOT NULL,
	"partition" smallint NOT NULL,
	"quantity" integer NOT NULL,
	"order_id" text,
	"expires_at" timestamp with time zone NOT NULL,
	"ended" text
);
--> statement-breakpoint
CREATE TABLE "ledger" (
	"sku" text NOT NULL,
	"version" bigint NOT NULL,
	"partition" smallint NOT NULL,
	"epoch" bigint NOT NULL,
	"kind" text NOT NULL,
	"location_id" text NOT NULL,
	"on_hand" integer NOT NULL,
	"committed" integer NOT NULL,
	"held" integer NOT NULL,
	"oversold" integer NOT NULL,
	"cause_source" text NOT NULL,
	"cause_id" text NOT NULL,
	"channel" text,
	"order_id" text,
	"line_open" integer,
	"line_confirmed_ahead" integer,
	"line_cancelled_ahead" integer,
	"reservation_id" text,
	"expires_at" timestamp with time zone,
	"reason" text,
	"occurred_at" timestamp with time zone NOT NULL,
	"traceparent" text,
	"committed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "ledger_sku_version_committed_at_pk" PRIMARY KEY("sku","version","committed_at")
) PARTITION BY RANGE ("committed_at");
--> statement-breakpoint
CREATE TABLE "listing" (
	"channel" text NOT NULL,
	"sku" text NOT NULL,
	"quantity" integer NOT NULL,
	"version" bigint NOT NULL,
	"confirmed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "listing_channel_sku_pk" PRIMARY KEY("channel","sku")
);
--> statement-breakpoint
CREATE TABLE "order_line" (
	"sku" text NOT NULL,
	"order_id" text NOT NULL,
	"location_id" text NOT NULL,
	"open" integer NOT NULL,
	"confirmed_ahead" integer NOT NULL,
	"cancelled_ahead" integer NOT NULL,
	CONSTRAINT "order_line_order_id_sku_location_id_pk" PRIMARY KEY("order_id","sku","location_id")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"partition" smallint NOT NULL,
	"commit_no" bigint NOT NULL,
	"skus" text[] NOT NULL,
	"committed_at" timestamp with time zone NOT NULL
) PARTITION BY RANGE ("committed_at");
--> statement-breakpoint
CREATE TABLE "parked" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"stream" text NOT NULL,
	"stream_created" text NOT NULL,
	"sequence" bigint NOT NULL,
	"subject" text NOT NULL,
	"headers" jsonb NOT NULL,
	"payload" "bytea" NOT NULL,
	"reason" text NOT NULL,
	"detail" text NOT NULL,
	"event_source" text,
	"event_id" text,
	"sku" text,
	"traceparent" text,
	"stored_at" timestamp with time zone NOT NULL,
	"parked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"replayed_at" timestamp with time zone,
	"discarded_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "partition_owner" (
	"partition" smallint PRIMARY KEY NOT NULL,
	"epoch" bigint NOT NULL,
	"owner" text NOT NULL,
	"applied_seq" bigint NOT NULL,
	"commit_no" bigint NOT NULL,
	"announced_no" bigint NOT NULL,
	"stream_created" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quarantine" (
	"sku" text PRIMARY KEY NOT NULL,
	"detail" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"lifted" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "request_answer" (
	"key" uuid NOT NULL,
	"body" uuid NOT NULL,
	"answer" text NOT NULL,
	"committed_at" timestamp with time zone NOT NULL
) PARTITION BY RANGE ("committed_at");
--> statement-breakpoint
CREATE TABLE "seen_event" (
	"key" uuid NOT NULL,
	"committed_at" timestamp with time zone NOT NULL
) PARTITION BY RANGE ("committed_at");
--> statement-breakpoint
CREATE TABLE "stock_level" (
	"sku" text NOT NULL,
	"location_id" text NOT NULL,
	"partition" smallint NOT NULL,
	"on_hand" integer NOT NULL,
	"committed" integer NOT NULL,
	"held" integer NOT NULL,
	"version" bigint NOT NULL,
	CONSTRAINT "stock_level_sku_location_id_pk" PRIMARY KEY("sku","location_id"),
	CONSTRAINT "committed_not_negative" CHECK ("stock_level"."committed" >= 0),
	CONSTRAINT "held_not_negative" CHECK ("stock_level"."held" >= 0)
);
--> statement-breakpoint
CREATE INDEX "hold_open_by_sku" ON "hold" USING btree ("sku") WHERE "hold"."ended" is null;--> statement-breakpoint
CREATE INDEX "hold_open_by_expiry" ON "hold" USING btree ("expires_at") WHERE "hold"."ended" is null;--> statement-breakpoint
CREATE INDEX "outbox_by_commit" ON "outbox" USING btree ("partition","commit_no");--> statement-breakpoint
CREATE UNIQUE INDEX "parked_once" ON "parked" USING btree ("stream","stream_created","sequence");--> statement-breakpoint
CREATE INDEX "parked_waiting" ON "parked" USING btree ("parked_at") WHERE "parked"."replayed_at" is null and "parked"."discarded_at" is null;--> statement-breakpoint
CREATE INDEX "request_answer_by_key" ON "request_answer" USING btree ("key");--> statement-breakpoint
CREATE INDEX "seen_event_by_key" ON "seen_event" USING btree ("key");