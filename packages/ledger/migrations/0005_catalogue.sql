CREATE TABLE "catalogue_item" (
	"sku" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "event_source" (
	"source" text NOT NULL,
	"type" text NOT NULL,
	"silence_minutes" integer,
	"note" text,
	"declared_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "event_source_source_type_pk" PRIMARY KEY("source","type")
);
--> statement-breakpoint
CREATE TABLE "event_source_seen" (
	"source" text NOT NULL,
	"type" text NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	"events" bigint NOT NULL,
	CONSTRAINT "event_source_seen_source_type_pk" PRIMARY KEY("source","type")
);
--> statement-breakpoint
CREATE TABLE "event_type_unused" (
	"type" text PRIMARY KEY NOT NULL,
	"note" text,
	"declared_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "location" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "verification" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"verified_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changes" bigint NOT NULL,
	"findings" integer NOT NULL
);
