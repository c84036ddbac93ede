-- The events log: Kafka's semantics on Postgres, for a platform that runs without a broker.
--
-- A topic has partitions, a key belongs to one partition, a partition is an unbroken order of records by offset. Consumer
-- groups share the partitions of their topics among members, which hold a lease; a partition's offset is kept with the
-- claim on it. Nobody but the owner of this schema touches its tables: services call the functions below, which look at
-- the session's own role. A role may append to the topics of the context of its name (freehold.<role>.*) and consume as the
-- groups of its name (<role>, <role>.*); a login role that inherits from the service's role counts as the service.
-- The owner should be a role without rights elsewhere, for the functions run as it.
CREATE SCHEMA events;

CREATE TABLE events.topics (
    name text NOT NULL,
    partitions integer NOT NULL DEFAULT 8,
    retention interval NOT NULL DEFAULT '7 days',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT topics_pkey PRIMARY KEY (name),
    CONSTRAINT topics_name_check CHECK (name ~ '^freehold(\.[a-z][a-z0-9_-]*){2}\.v[1-9][0-9]*$'),
    CONSTRAINT topics_partitions_check CHECK (partitions BETWEEN 1 AND 64)
);

CREATE TABLE events.partitions (
    id integer GENERATED ALWAYS AS IDENTITY,
    topic text NOT NULL,
    number integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    CONSTRAINT partitions_pkey PRIMARY KEY (id),
    CONSTRAINT partitions_topic_number_key UNIQUE (topic, number),
    CONSTRAINT partitions_topic_fkey FOREIGN KEY (topic) REFERENCES events.topics (name)
);

-- No foreign key to the partition: append_records is the only writer and holds the partition's row anyway.
CREATE TABLE events.records (
    partition_id integer NOT NULL,
    record_offset bigint NOT NULL,
    key text NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    source text NOT NULL,
    time timestamptz NOT NULL,
    traceparent text,
    -- json and not jsonb: the data come out letter for letter as they went in.
    data json NOT NULL,
    appended_at timestamptz NOT NULL,
    CONSTRAINT records_pkey PRIMARY KEY (partition_id, record_offset)
);

CREATE TABLE events.groups (
    name text NOT NULL,
    CONSTRAINT groups_pkey PRIMARY KEY (name)
);

CREATE TABLE events.members (
    group_name text NOT NULL,
    id uuid NOT NULL,
    topics text[] NOT NULL,
    instance text NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_expires_at timestamptz NOT NULL,
    CONSTRAINT members_pkey PRIMARY KEY (group_name, id),
    CONSTRAINT members_group_name_fkey FOREIGN KEY (group_name) REFERENCES events.groups (name)
);

-- next_offset is the first offset that the group has not committed. generation goes up whenever the claim changes hands:
-- a commit that names an older one comes from a member that lost the partition meanwhile, and is refused.
CREATE TABLE events.claims (
    group_name text NOT NULL,
    partition_id integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    member_id uuid,
    wanted_by uuid,
    generation bigint NOT NULL DEFAULT 0,
    CONSTRAINT claims_pkey PRIMARY KEY (group_name, partition_id),
    CONSTRAINT claims_group_name_fkey FOREIGN KEY (group_name) REFERENCES events.groups (name),
    CONSTRAINT claims_partition_id_fkey FOREIGN KEY (partition_id) REFERENCES events.partitions (id)
);

-- Raises 42501 unless the session's role is the service, or inherits its rights.
CREATE FUNCTION events.require_service(in_service text, in_purpose text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_roles WHERE rolname = in_service AND pg_has_role(session_user, oid, 'USAGE')
    ) THEN
        RAISE insufficient_privilege USING
            MESSAGE = format('role "%s" may not %s', session_user, in_purpose),
            HINT = format('Only role "%s" and roles that inherit from it may.', in_service);
    END IF;
END
$$;

-- Places records behind all that are in their partitions, in the order given. The row of a partition stays locked until
-- the commit, so that a reader that sees an offset has seen, or can see, every one below it.
CREATE FUNCTION events.append_records(
    in_topics text[], in_keys text[], in_ids uuid[], in_types text[], in_sources text[],
    in_times timestamptz[], in_traceparents text[], in_data json[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    in_topic text;
BEGIN
    FOR in_topic IN SELECT DISTINCT t FROM unnest(in_topics) t ORDER BY t LOOP
        PERFORM events.require_service(split_part(in_topic, '.', 2), format('append to topic %s', in_topic));
        IF NOT EXISTS (SELECT FROM events.topics WHERE name = in_topic) THEN
            INSERT INTO events.topics (name) VALUES (in_topic) ON CONFLICT DO NOTHING;
            INSERT INTO events.partitions (topic, number)
                SELECT name, generate_series(0, partitions - 1) FROM events.topics WHERE name = in_topic
                ON CONFLICT DO NOTHING;
        END IF;
    END LOOP;
    IF EXISTS (
        SELECT FROM unnest(in_topics, in_sources) AS r (topic, source) WHERE r.source IS DISTINCT FROM split_part(r.topic, '.', 2)
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the source of an event is the context of its topic';
    END IF;

    PERFORM FROM events.partitions p
    WHERE (p.topic, p.number) IN (
        SELECT t.name, events.partition_of(r.key, t.partitions)
        FROM unnest(in_topics, in_keys) AS r (topic, key) JOIN events.topics t ON t.name = r.topic
    )
    ORDER BY p.id FOR UPDATE;

    WITH placed AS (
        SELECT p.id AS partition_id, p.next_offset + row_number() OVER (PARTITION BY p.id ORDER BY r.n) - 1 AS record_offset,
            r.key, r.id, r.type, r.source, r.time, r.traceparent, r.data
        FROM unnest(in_topics, in_keys, in_ids, in_types, in_sources, in_times, in_traceparents, in_data)
            WITH ORDINALITY AS r (topic, key, id, type, source, time, traceparent, data, n)
        JOIN events.topics t ON t.name = r.topic
        JOIN events.partitions p ON p.topic = t.name AND p.number = events.partition_of(r.key, t.partitions)
    ), appended AS (
        INSERT INTO events.records SELECT placed.*, clock_timestamp() FROM placed
        RETURNING partition_id, record_offset
    )
    UPDATE events.partitions p SET next_offset = a.last_offset + 1
    FROM (SELECT partition_id, max(record_offset) AS last_offset FROM appended GROUP BY partition_id) a
    WHERE p.id = a.partition_id;

    -- A hint only: who misses it finds the records when it asks next.
    PERFORM pg_notify('freehold_events', t) FROM (SELECT DISTINCT t FROM unnest(in_topics) t) AS topic;
END
$$;

-- Its body is parsed once, here, so that it needs no search_path of its own, with which it could not be inlined.
CREATE FUNCTION events.partition_of(in_key text, in_partitions integer) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN ((pg_catalog.hashtextextended(in_key, 0) % in_partitions + in_partitions) % in_partitions)::integer;

-- Returns which member is to have each partition of the group, and whether the one that has it is still a member.
CREATE FUNCTION events.wanted_claims(in_group text) RETURNS TABLE (partition_id integer, is_held boolean, member_id uuid)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ranked.partition_id, ranked.is_held, ranked.eligible[1 + ranked.rank % NULLIF(cardinality(ranked.eligible), 0)]
    FROM (
        SELECT c.partition_id, row_number() OVER (ORDER BY p.topic, p.number) - 1 AS rank,
            EXISTS (SELECT FROM events.members m WHERE m.group_name = in_group AND m.id = c.member_id) AS is_held,
            ARRAY(
                SELECT m.id FROM events.members m
                WHERE m.group_name = in_group AND p.topic = ANY (m.topics) ORDER BY m.joined_at, m.id
            ) AS eligible
        FROM events.claims c JOIN events.partitions p ON p.id = c.partition_id
        WHERE c.group_name = in_group
    ) AS ranked
$$;

-- Shares the partitions among the members whose lease holds. A partition whose owner lives is only marked as wanted: the
-- owner gives it up when it next fetches, so that nothing it still works on is delivered to another. The caller holds the
-- group's row.
CREATE FUNCTION events.balance_group(in_group text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM events.members WHERE group_name = in_group AND lease_expires_at < clock_timestamp();

    INSERT INTO events.claims (group_name, partition_id)
        SELECT in_group, p.id FROM events.partitions p
        WHERE EXISTS (SELECT FROM events.members m WHERE m.group_name = in_group AND p.topic = ANY (m.topics))
            AND NOT EXISTS (SELECT FROM events.claims c WHERE c.group_name = in_group AND c.partition_id = p.id);

    -- A renewed lease mostly changes nothing, and then nothing is locked.
    IF NOT EXISTS (
        SELECT FROM events.claims c JOIN events.wanted_claims(in_group) w ON w.partition_id = c.partition_id
        WHERE c.group_name = in_group
            AND (c.wanted_by IS DISTINCT FROM w.member_id OR (NOT w.is_held AND c.member_id IS DISTINCT FROM w.member_id))
    ) THEN
        RETURN;
    END IF;

    -- In the order of partitions, as everywhere, so that no two sessions wait for each other.
    PERFORM FROM events.claims WHERE group_name = in_group ORDER BY partition_id FOR UPDATE;
    UPDATE events.claims c
    SET wanted_by = w.member_id,
        member_id = CASE WHEN w.is_held THEN c.member_id ELSE w.member_id END,
        generation = c.generation + CASE WHEN w.is_held THEN 0 ELSE 1 END
    FROM events.wanted_claims(in_group) w
    WHERE c.group_name = in_group AND c.partition_id = w.partition_id
        AND (c.wanted_by IS DISTINCT FROM w.member_id OR (NOT w.is_held AND c.member_id IS DISTINCT FROM w.member_id));
    PERFORM pg_notify('freehold_events', in_group);
END
$$;

-- Makes the caller a member of the group, or renews its lease. Raises 42501 when the group is another service's.
CREATE FUNCTION events.join_group(
    in_group text, in_member uuid, in_topics text[], in_instance text, in_lease_ms integer
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    expires_at CONSTANT timestamptz := clock_timestamp() + LEAST(GREATEST(in_lease_ms, 500), 300000) * interval '1 ms';
BEGIN
    PERFORM events.require_service(split_part(in_group, '.', 1), format('consume as group %s', in_group));
    -- A lease that a crash takes back is renewed a moment later.
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO events.groups (name) VALUES (in_group) ON CONFLICT DO NOTHING;
    PERFORM FROM events.groups WHERE name = in_group FOR UPDATE;
    INSERT INTO events.members (group_name, id, topics, instance, lease_expires_at)
        VALUES (in_group, in_member, in_topics, in_instance, expires_at)
        ON CONFLICT (group_name, id) DO UPDATE SET topics = excluded.topics, lease_expires_at = excluded.lease_expires_at;
    PERFORM events.balance_group(in_group);
END
$$;

-- Ends the membership; what the member held goes to the others at once.
CREATE FUNCTION events.leave_group(in_group text, in_member uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM events.require_service(split_part(in_group, '.', 1), format('consume as group %s', in_group));
    PERFORM FROM events.groups WHERE name = in_group FOR UPDATE;
    DELETE FROM events.members WHERE group_name = in_group AND id = in_member;
    PERFORM events.balance_group(in_group);
END
$$;

-- Returns what follows the committed offsets of the partitions that the member holds. Calling it tells that the member is
-- done with everything it fetched before, so partitions that others are to have are handed over first.
CREATE FUNCTION events.fetch_records(in_group text, in_member uuid, in_limit integer) RETURNS TABLE (
    partition_id integer, generation bigint, record_offset bigint, topic text, key text, id uuid, type text, source text,
    "time" timestamptz, traceparent text, data json
)
-- A plan that was made while the table was empty would read it whole.
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    share integer;
BEGIN
    PERFORM events.require_service(split_part(in_group, '.', 1), format('consume as group %s', in_group));
    IF EXISTS (
        SELECT FROM events.claims c
        WHERE c.group_name = in_group AND c.member_id = in_member AND c.wanted_by IS DISTINCT FROM in_member
    ) THEN
        PERFORM FROM events.groups WHERE name = in_group FOR UPDATE;
        PERFORM FROM events.claims c WHERE c.group_name = in_group ORDER BY c.partition_id FOR UPDATE;
        UPDATE events.claims c SET member_id = c.wanted_by, generation = c.generation + 1
            WHERE c.group_name = in_group AND c.member_id = in_member AND c.wanted_by IS DISTINCT FROM in_member;
        PERFORM pg_notify('freehold_events', in_group);
    END IF;
    SELECT GREATEST(1, in_limit / GREATEST(1, count(*)))::integer INTO share
        FROM events.claims c WHERE c.group_name = in_group AND c.member_id = in_member;
    RETURN QUERY
        SELECT c.partition_id, c.generation, r.record_offset, p.topic, r.key, r.id, r.type, r.source, r.time, r.traceparent, r.data
        FROM events.claims c
        JOIN events.partitions p ON p.id = c.partition_id
        CROSS JOIN LATERAL (
            SELECT * FROM events.records e
            WHERE e.partition_id = c.partition_id AND e.record_offset >= c.next_offset
            ORDER BY e.record_offset LIMIT share
        ) r
        WHERE c.group_name = in_group AND c.member_id = in_member
        ORDER BY c.partition_id, r.record_offset;
END
$$;

-- Moves the offsets of partitions that the member still holds in the same generation; returns how many those are.
CREATE FUNCTION events.commit_offsets(
    in_group text, in_member uuid, in_partitions integer[], in_generations bigint[], in_next_offsets bigint[]
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved integer;
BEGIN
    PERFORM events.require_service(split_part(in_group, '.', 1), format('consume as group %s', in_group));
    -- An offset that a crash takes back means that records are delivered again, which is what at least once allows.
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM FROM events.claims c
        WHERE c.group_name = in_group AND c.partition_id = ANY (in_partitions) ORDER BY c.partition_id FOR UPDATE;
    UPDATE events.claims c SET next_offset = n.next_offset
        FROM unnest(in_partitions, in_generations, in_next_offsets) AS n (partition_id, generation, next_offset)
        WHERE c.group_name = in_group AND c.partition_id = n.partition_id
            AND c.member_id = in_member AND c.generation = n.generation AND c.next_offset <= n.next_offset;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

-- Removes records that are older than their topic keeps them, at most so many a partition; returns how many. Anybody who
-- may use the log may call it: it removes nothing that would not go anyway.
CREATE FUNCTION events.prune_records(in_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    removed bigint := 0;
    batch bigint;
    old record;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('freehold events prune', 0)) THEN
        RETURN 0;
    END IF;
    FOR old IN
        SELECT p.id, clock_timestamp() - t.retention AS before
        FROM events.partitions p JOIN events.topics t ON t.name = p.topic
    LOOP
        DELETE FROM events.records r USING (
            SELECT e.partition_id, e.record_offset FROM events.records e
            WHERE e.partition_id = old.id ORDER BY e.record_offset LIMIT in_limit
        ) AS first
        WHERE r.partition_id = first.partition_id AND r.record_offset = first.record_offset AND r.appended_at < old.before;
        GET DIAGNOSTICS batch = ROW_COUNT;
        removed := removed + batch;
    END LOOP;
    RETURN removed;
END
$$;

-- Returns how far each group is in each partition, and which member holds it.
CREATE FUNCTION events.describe_groups() RETURNS TABLE (
    group_name text, topic text, partition integer, committed_offset bigint, end_offset bigint, instance text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.group_name, p.topic, p.number, c.next_offset, p.next_offset, m.instance
    FROM events.claims c
    JOIN events.partitions p ON p.id = c.partition_id
    LEFT JOIN events.members m ON m.group_name = c.group_name AND m.id = c.member_id
    ORDER BY 1, 2, 3
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA events FROM PUBLIC;

-- Lets a service's role use the log. Only the owner of the schema can call it with effect.
CREATE PROCEDURE events.admit(in_role text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA events TO %I', in_role);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION events.append_records, events.join_group, events.leave_group, events.fetch_records,
            events.commit_offsets, events.prune_records, events.describe_groups TO %I',
        in_role
    );
END
$$;

REVOKE ALL ON PROCEDURE events.admit FROM PUBLIC;
