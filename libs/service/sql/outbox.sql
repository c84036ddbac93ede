-- Events that were committed with a change and are not in the transport yet. The relay reads them in the order of
-- position and deletes what the transport has. The sequence must not be given a CACHE: within a key, a later change has
-- to get a higher position whichever session makes it.
CREATE TABLE "outbox" (
    "position" BIGSERIAL NOT NULL,
    "id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "time" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "traceparent" TEXT,
    "data" JSON NOT NULL,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("position")
);
