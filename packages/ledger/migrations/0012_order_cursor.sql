CREATE TABLE "order_cursor" (
	"channel" text PRIMARY KEY NOT NULL,
	"cursor" text,
	"seen_until" timestamp with time zone NOT NULL,
	"moved_at" timestamp with time zone DEFAULT now() NOT NULL
);
