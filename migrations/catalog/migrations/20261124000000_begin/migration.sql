CREATE TABLE "services" (
    "id" TEXT NOT NULL,
    "strategy_version" INTEGER NOT NULL,
    "configuration_version" INTEGER NOT NULL,
    "latest_release" TEXT,
    "registered_by" TEXT NOT NULL,
    "registered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "services_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "strategy_versions" (
    "service_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "strategy" JSONB NOT NULL,
    "restored_from" INTEGER,
    "applied_by" TEXT NOT NULL,
    "applied_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "strategy_versions_pkey" PRIMARY KEY ("service_id", "version"),
    CONSTRAINT "strategy_versions_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE TABLE "consumptions" (
    "consumer_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "consumptions_pkey" PRIMARY KEY ("consumer_id", "kind", "name"),
    CONSTRAINT "consumptions_consumer_id_fkey" FOREIGN KEY ("consumer_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE INDEX "consumptions_kind_name_idx" ON "consumptions"("kind", "name");

CREATE TABLE "configuration_versions" (
    "service_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "schema" JSONB NOT NULL,
    "file_values" JSONB NOT NULL,
    "set_values" JSONB NOT NULL,
    "secret_ids" JSONB NOT NULL,
    "restored_from" INTEGER,
    "changed_by" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "configuration_versions_pkey" PRIMARY KEY ("service_id", "version"),
    CONSTRAINT "configuration_versions_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE TABLE "secrets" (
    "id" UUID NOT NULL,
    "service_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "secrets_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "secrets_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE INDEX "secrets_service_id_idx" ON "secrets"("service_id");

CREATE TABLE "releases" (
    "service_id" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "revision" TEXT NOT NULL,
    "artefact" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "contracts" JSONB NOT NULL,
    "migrations" JSONB NOT NULL,
    "findings" JSONB NOT NULL,
    "registered_by" TEXT NOT NULL,
    "registered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "releases_pkey" PRIMARY KEY ("service_id", "version"),
    CONSTRAINT "releases_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE UNIQUE INDEX "releases_service_id_position_key" ON "releases"("service_id", "position");

CREATE TABLE "release_contracts" (
    "service_id" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "document" JSONB NOT NULL,

    CONSTRAINT "release_contracts_pkey" PRIMARY KEY ("service_id", "version", "kind", "name"),
    CONSTRAINT "release_contracts_service_id_version_fkey" FOREIGN KEY ("service_id", "version") REFERENCES "releases"("service_id", "version") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE TABLE "release_migrations" (
    "service_id" TEXT NOT NULL,
    "migration_id" TEXT NOT NULL,
    "checksum" TEXT NOT NULL,
    "version" TEXT NOT NULL,

    CONSTRAINT "release_migrations_pkey" PRIMARY KEY ("service_id", "migration_id"),
    CONSTRAINT "release_migrations_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE TABLE "instances" (
    "service_id" TEXT NOT NULL,
    "instance_id" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "address" TEXT,
    "registered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "instances_pkey" PRIMARY KEY ("service_id", "instance_id"),
    CONSTRAINT "instances_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "services"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE INDEX "instances_expires_at_idx" ON "instances"("expires_at");

CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "roles" JSONB NOT NULL,
    "note" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

CREATE INDEX "api_keys_subject_idx" ON "api_keys"("subject");

CREATE TABLE "signing_keys" (
    "kid" TEXT NOT NULL,
    "x" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "published_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "signs_from" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("kid")
);

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

CREATE TABLE "audit_entries" (
    "position" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_by" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "service_id" TEXT,
    "subject" TEXT NOT NULL,
    "before" JSONB NOT NULL,
    "after" JSONB NOT NULL,
    "trace_id" TEXT,
    "previous_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("position")
);

CREATE INDEX "audit_entries_service_id_position_idx" ON "audit_entries"("service_id", "position");

CREATE TABLE "audit_head" (
    "id" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("id")
);

INSERT INTO "audit_head" ("id", "position", "hash") VALUES (1, 0, sha256(''));

-- Times count from the epoch: the text of a timestamp would depend on the time zone of the session.
CREATE FUNCTION "catalog"."hash_audit_entry"("entry" "catalog"."audit_entries") RETURNS BYTEA
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN sha256(entry.previous_hash || convert_to(jsonb_build_array(
    entry.position, extract(epoch FROM entry.at), entry.recorded_by, entry.actor, entry.action, entry.service_id,
    entry.subject, entry.before, entry.after, entry.trace_id
)::text, 'UTF8'));

-- Position, time, role and hashes are the database's word, whatever the statement says. The function runs as the owner,
-- so that the role that inserts needs no right to change the head of the chain. The head's row lock makes the order.
CREATE FUNCTION "catalog"."chain_audit_entry"() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head record;
BEGIN
    SELECT * INTO STRICT head FROM catalog.audit_head WHERE id = 1 FOR UPDATE;
    NEW.position := head.position + 1;
    NEW.at := date_trunc('milliseconds', clock_timestamp());
    NEW.recorded_by := session_user;
    NEW.previous_hash := head.hash;
    NEW.hash := catalog.hash_audit_entry(NEW);
    UPDATE catalog.audit_head SET position = NEW.position, hash = NEW.hash WHERE id = 1;
    RETURN NEW;
END
$$;

CREATE TRIGGER "audit_entries_chain" BEFORE INSERT ON "audit_entries"
    FOR EACH ROW EXECUTE FUNCTION "catalog"."chain_audit_entry"();

CREATE FUNCTION "catalog"."refuse_audit_change"() RETURNS TRIGGER
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = 'the audit log is only ever added to';
END
$$;

CREATE TRIGGER "audit_entries_unchanged" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_entries"
    FOR EACH STATEMENT EXECUTE FUNCTION "catalog"."refuse_audit_change"();

-- Walks the whole chain: each entry follows from the one before it, none is missing, and the last is the head.
CREATE FUNCTION "catalog"."verify_audit_log"(OUT "entries" BIGINT, OUT "broken_at" BIGINT, OUT "head" BYTEA)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH chain AS (
        SELECT position, hash,
            position = row_number() OVER ordered
            AND previous_hash = coalesce(lag(hash) OVER ordered, sha256(''))
            AND hash = catalog.hash_audit_entry(entry) AS follows
        FROM catalog.audit_entries AS entry
        WINDOW ordered AS (ORDER BY position)
    ), last AS (
        SELECT count(*) AS entries, coalesce(max(position), 0) AS position, min(position) FILTER (WHERE NOT follows) AS broken_at
        FROM chain
    )
    SELECT last.entries,
        coalesce(last.broken_at, CASE WHEN (last.position, coalesce(chain.hash, sha256(''))) <> (head.position, head.hash)
            THEN least(last.position, head.position) + 1 END),
        head.hash
    FROM last CROSS JOIN catalog.audit_head AS head LEFT JOIN chain ON chain.position = last.position
$$;

GRANT USAGE ON SCHEMA "catalog" TO "catalog";

GRANT SELECT, INSERT, UPDATE, DELETE ON "services", "strategy_versions", "consumptions", "configuration_versions",
    "secrets", "releases", "release_contracts", "release_migrations", "instances", "api_keys", "signing_keys", "outbox"
    TO "catalog";

GRANT USAGE ON SEQUENCE "releases_position_seq", "outbox_position_seq" TO "catalog";

-- A database may be set up to give the role more than this on every new table.
REVOKE ALL ON "audit_entries", "audit_head" FROM "catalog";

GRANT SELECT, INSERT ON "audit_entries" TO "catalog";

REVOKE ALL ON FUNCTION "catalog"."verify_audit_log"(), "catalog"."hash_audit_entry"("catalog"."audit_entries") FROM PUBLIC;

GRANT EXECUTE ON FUNCTION "catalog"."verify_audit_log"() TO "catalog";
