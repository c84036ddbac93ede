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

-- The public keys of token signers as last seen, by the address they came from: with them a service goes on checking
-- tokens while the service that publishes them is down.
CREATE TABLE "jwks_cache" (
    "url" TEXT NOT NULL,
    "keys" JSONB NOT NULL,
    "fetched_at" TIMESTAMPTZ NOT NULL DEFAULT now(),

    CONSTRAINT "jwks_cache_pkey" PRIMARY KEY ("url")
);

CREATE TABLE "databases" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "schema_name" TEXT NOT NULL,
    "url_sealed" TEXT,
    "url_reference" TEXT,
    "address" JSONB,
    "windows" JSONB NOT NULL,
    "approval" TEXT NOT NULL,
    "max_lock_ms" INTEGER NOT NULL,
    "drift_interval_ms" INTEGER NOT NULL,
    "drift_checked_at" TIMESTAMPTZ(3),
    "drift_due_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "databases_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "databases_connection_check" CHECK ("removed_at" IS NOT NULL OR num_nonnulls("url_sealed", "url_reference") = 1)
);
CREATE UNIQUE INDEX "databases_service_name_key" ON "databases"("service", "name") WHERE "removed_at" IS NULL;
CREATE INDEX "databases_drift_due_at_idx" ON "databases"("drift_due_at") WHERE "removed_at" IS NULL;

CREATE TABLE "policies" (
    "service" TEXT NOT NULL,
    "strategy_version" INTEGER NOT NULL,
    "windows" JSONB NOT NULL,
    "approval" TEXT NOT NULL,
    "max_lock_ms" INTEGER NOT NULL,
    "drift_interval_ms" INTEGER NOT NULL,

    CONSTRAINT "policies_pkey" PRIMARY KEY ("service")
);

CREATE TABLE "migration_sets" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "migration_sets_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "migration_sets_service_content_hash_key" ON "migration_sets"("service", "content_hash");

CREATE TABLE "migration_files" (
    "migration_set_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "migration_id" TEXT NOT NULL,
    "checksum" TEXT NOT NULL,
    "sql" TEXT NOT NULL,

    CONSTRAINT "migration_files_pkey" PRIMARY KEY ("migration_set_id", "position")
);
CREATE UNIQUE INDEX "migration_files_migration_set_id_migration_id_key" ON "migration_files"("migration_set_id", "migration_id");

CREATE TABLE "plans" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "database_id" UUID NOT NULL,
    "migration_set_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "document" JSON,
    "content_hash" TEXT,
    "destructive" JSONB NOT NULL,
    "warnings" JSONB NOT NULL,
    "problem" JSONB,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "starts_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_holder" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "lease_epoch" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "plans_starts_at_idx" ON "plans"("starts_at") WHERE "state" = 'making';

CREATE TABLE "fleet_runs" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "migration_set_id" UUID NOT NULL,
    "phase" TEXT NOT NULL,
    "canary_database_id" UUID NOT NULL,
    "parallel_max" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "resumes_to" TEXT,
    "problem" JSONB,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "fleet_runs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "fleet_runs_service_created_at_idx" ON "fleet_runs"("service", "created_at");

CREATE TABLE "runs" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "database_id" UUID NOT NULL,
    "migration_set_id" UUID NOT NULL,
    "plan_id" UUID,
    "fleet_run_id" UUID,
    "phase" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "resumes_to" TEXT,
    "requested" TEXT,
    "not_before" TIMESTAMPTZ(3),
    "problem" JSONB,
    "applied" JSONB NOT NULL,
    "engine_run_id" TEXT,
    "facts_count" INTEGER NOT NULL DEFAULT 0,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "starts_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_holder" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "lease_epoch" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "runs_fleet_run_id_database_id_key" ON "runs"("fleet_run_id", "database_id");
CREATE UNIQUE INDEX "runs_database_id_open_key" ON "runs"("database_id")
    WHERE "state" IN ('held', 'planning', 'awaitingApproval', 'queued', 'expanding', 'windowOpen', 'contractQueued', 'contracting', 'paused', 'undoing');
CREATE INDEX "runs_starts_at_idx" ON "runs"("starts_at")
    WHERE "state" IN ('queued', 'expanding', 'contractQueued', 'contracting', 'undoing');
CREATE INDEX "runs_service_created_at_idx" ON "runs"("service", "created_at");
CREATE INDEX "runs_plan_id_idx" ON "runs"("plan_id");

CREATE TABLE "run_facts" (
    "run_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "time" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "fact" JSONB NOT NULL,

    CONSTRAINT "run_facts_pkey" PRIMARY KEY ("run_id", "position")
);

CREATE TABLE "approvals" (
    "id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "plan_id" UUID NOT NULL,
    "content_hash" TEXT NOT NULL,
    "decision" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "decided_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "approvals_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "approvals_run_id_idx" ON "approvals"("run_id");

CREATE TABLE "drift_findings" (
    "id" UUID NOT NULL,
    "service" TEXT NOT NULL,
    "database_id" UUID NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "differences" JSONB NOT NULL,
    "found_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "drift_findings_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "drift_findings_database_id_open_key" ON "drift_findings"("database_id") WHERE "resolved_at" IS NULL;

ALTER TABLE "migration_files" ADD CONSTRAINT "migration_files_migration_set_id_fkey" FOREIGN KEY ("migration_set_id") REFERENCES "migration_sets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "plans" ADD CONSTRAINT "plans_database_id_fkey" FOREIGN KEY ("database_id") REFERENCES "databases"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "plans" ADD CONSTRAINT "plans_migration_set_id_fkey" FOREIGN KEY ("migration_set_id") REFERENCES "migration_sets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "fleet_runs" ADD CONSTRAINT "fleet_runs_migration_set_id_fkey" FOREIGN KEY ("migration_set_id") REFERENCES "migration_sets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "runs" ADD CONSTRAINT "runs_database_id_fkey" FOREIGN KEY ("database_id") REFERENCES "databases"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "runs" ADD CONSTRAINT "runs_migration_set_id_fkey" FOREIGN KEY ("migration_set_id") REFERENCES "migration_sets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "runs" ADD CONSTRAINT "runs_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "runs" ADD CONSTRAINT "runs_fleet_run_id_fkey" FOREIGN KEY ("fleet_run_id") REFERENCES "fleet_runs"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "run_facts" ADD CONSTRAINT "run_facts_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "drift_findings" ADD CONSTRAINT "drift_findings_database_id_fkey" FOREIGN KEY ("database_id") REFERENCES "databases"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
