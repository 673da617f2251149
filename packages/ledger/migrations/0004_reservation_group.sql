CREATE TABLE "reservation_group" (
	"id" uuid PRIMARY KEY NOT NULL,
	"revision" integer NOT NULL,
	"body" uuid NOT NULL,
	"lines" text NOT NULL,
	"partial" boolean NOT NULL,
	"order_id" text,
	"ttl_millis" integer NOT NULL,
	"attempt" integer NOT NULL,
	"status" text NOT NULL,
	"ended" text,
	"expires_at" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"answer" text,
	"settled" boolean NOT NULL
);
--> statement-breakpoint
CREATE INDEX "reservation_group_unsettled" ON "reservation_group" USING btree ("due_at") WHERE not "reservation_group"."settled";