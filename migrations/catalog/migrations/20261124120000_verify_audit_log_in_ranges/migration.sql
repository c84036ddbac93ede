-- Walks a part of the chain: the entries behind a position, which follow from the hash of the entry there. The part that
-- comes to the end of the log also has to come to the head, as this one statement sees both. verify_audit_log stays: it is
-- the whole walk in one statement, for who has the time.
CREATE FUNCTION "catalog"."verify_audit_range"("in_after" BIGINT, "in_limit" INTEGER,
    OUT "entries" BIGINT, OUT "last_position" BIGINT, OUT "broken_at" BIGINT, OUT "head" BYTEA)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH part AS MATERIALIZED (
        SELECT * FROM catalog.audit_entries WHERE position > in_after ORDER BY position LIMIT in_limit
    ), start AS (
        SELECT coalesce((SELECT hash FROM catalog.audit_entries WHERE position = in_after), sha256('')) AS hash
    ), chain AS (
        SELECT entry.position, entry.hash,
            entry.position = in_after + row_number() OVER ordered
            AND entry.previous_hash = coalesce(lag(entry.hash) OVER ordered, start.hash)
            AND entry.hash = catalog.hash_audit_entry(
                ROW(entry.position, entry.at, entry.recorded_by, entry.actor, entry.action, entry.service_id, entry.subject,
                    entry.before, entry.after, entry.trace_id, entry.previous_hash, entry.hash)::catalog.audit_entries
            ) AS follows
        FROM part AS entry CROSS JOIN start
        WINDOW ordered AS (ORDER BY entry.position)
    ), last AS (
        SELECT count(*) AS entries, coalesce(max(position), in_after) AS position,
            min(position) FILTER (WHERE NOT follows) AS broken_at
        FROM chain
    )
    SELECT last.entries, last.position,
        coalesce(last.broken_at, CASE
            WHEN last.entries < in_limit AND (last.position, coalesce(chain.hash, start.hash)) <> (head.position, head.hash)
            THEN least(last.position, head.position) + 1 END),
        head.hash
    FROM last CROSS JOIN start CROSS JOIN catalog.audit_head AS head LEFT JOIN chain ON chain.position = last.position
$$;

REVOKE ALL ON FUNCTION "catalog"."verify_audit_range"(BIGINT, INTEGER) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION "catalog"."verify_audit_range"(BIGINT, INTEGER) TO "catalog";
