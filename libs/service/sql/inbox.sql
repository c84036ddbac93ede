-- Events that a consumer group of this service is done with: applied, or put aside as a dead letter. The row is written
-- in the transaction of the event's effect, so that an event that is delivered again has none.
CREATE TABLE "inbox" (
    "group_name" TEXT NOT NULL,
    "event_id" UUID NOT NULL,
    "applied_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbox_pkey" PRIMARY KEY ("group_name", "event_id")
);

CREATE INDEX "inbox_applied_at_idx" ON "inbox"("applied_at");

-- Events whose handler failed to the last attempt (attempts > 0), and later ones of the same key, which wait behind them
-- (attempts = 0).
CREATE TABLE "dead_letters" (
    "id" UUID NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "group_name" TEXT NOT NULL,
    "event_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "time" TIMESTAMPTZ(3) NOT NULL,
    "traceparent" TEXT,
    "data" JSON NOT NULL,
    "attempts" INTEGER NOT NULL,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dead_letters_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "dead_letters_group_name_event_id_key" ON "dead_letters"("group_name", "event_id");

CREATE INDEX "dead_letters_group_name_topic_key_position_idx" ON "dead_letters"("group_name", "topic", "key", "position");
