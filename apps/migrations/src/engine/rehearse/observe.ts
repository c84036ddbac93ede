/**
 * Looks at what a statement does from inside its own transaction: locks from pg_locks, rewrites from filenodes, scans
 * and written rows from the transaction's own counters, and what it created from the object identifiers that are new.
 */
import { type Client, sqlstateOf } from '@freehold/postgres'
import { type LockMode, lockModes, type RelationLock } from '../plan/step.ts'
import type { CreatedConstraint, CreatedIndex, Observation, ObservedError, RelationName } from './observation.ts'

/** Object identifiers of the relations that existed before the first statement of the plan. */
export type Baseline = Set<number>

interface RelationState extends RelationName {
  /** pg_class.relkind. */
  kind: string
  /** The table of an index; the relation itself otherwise. */
  table: number
  filenode: number | null
}

/** State at one moment of a transaction. */
export interface Moment {
  /** Object identifier and mode. */
  locks: [number, string][]
  relations: Map<number, RelationState>
  scans: Map<number, number>
  /** Rows inserted, updated and deleted. */
  written: Map<number, number>
  newest: number
}

/** What is seen of a statement by comparing two moments. */
export type SeenChange = Omit<Observation, 'rowsTouched' | 'revert' | 'changes' | 'byRule' | 'error'> & {
  /** True if rows of a table that existed before the plan were written, or could have been. */
  wroteRows: boolean
}

/** First object identifier that is not Postgres' own (FirstNormalObjectId, transam.h). */
const firstUserOid = 16384

/** Takes a look at the current transaction. */
export async function lookAtTransaction(client: Client): Promise<Moment> {
  const { rows } = await client.query<{
    locks: [number, string][] | null
    relations: [number, number | null, string, string, string, number][] | null
    counters: [number, number, number][] | null
    newest: number
  }>(momentSql)
  const row = rows[0]
  if (row === undefined) {
    throw new Error('the look at the rehearsal transaction returned nothing')
  }
  const relations = new Map<number, RelationState>()
  for (const [oid, filenode, schema, name, kind, table] of row.relations ?? []) {
    relations.set(oid, { filenode, schema, name, kind, table })
  }
  const counters = row.counters ?? []
  return {
    locks: row.locks ?? [],
    relations,
    scans: new Map(counters.map(([oid, scans]) => [oid, scans])),
    written: new Map(counters.map(([oid, , written]) => [oid, written])),
    newest: row.newest,
  }
}

// An FK check is a planned query that may use an index on few rows, so both counters of reads are taken.
const countersSql = `(SELECT json_agg(json_build_array(relid::int8, seq_scan + coalesce(idx_scan, 0), n_tup_ins + n_tup_upd + n_tup_del))
          FROM pg_catalog.pg_stat_xact_user_tables
         WHERE seq_scan + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del > 0)`

const momentSql = `
SELECT (SELECT json_agg(json_build_array(l.relation::int8, l.mode))
          FROM (SELECT DISTINCT relation, mode FROM pg_catalog.pg_locks
                 WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'relation' AND granted
                   AND relation >= ${firstUserOid}) l) AS locks,
       (SELECT json_agg(json_build_array(c.oid::int8, pg_catalog.pg_relation_filenode(c.oid)::int8, n.nspname, c.relname,
                                         c.relkind, coalesce(i.indrelid, c.oid)::int8))
          FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
         WHERE c.oid >= ${firstUserOid} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'i') AND n.nspname <> 'pg_toast') AS relations,
       ${countersSql} AS counters,
       (SELECT greatest((SELECT max(oid) FROM pg_catalog.pg_class), (SELECT max(oid) FROM pg_catalog.pg_constraint),
                        ${firstUserOid - 1}::oid)::int8::float8) AS newest`

/**
 * Returns the moment with the counters as they are now, in a transaction that has just begun: Postgres adds them to the
 * shared ones at most once a second, so that they may still hold what earlier transactions counted (pgstat.c).
 */
export async function withCounters(client: Client, moment: Moment): Promise<Moment> {
  const { rows } = await client.query<{ counters: [number, number, number][] | null }>(
    `SELECT ${countersSql} AS counters`,
  )
  const counters = rows[0]?.counters ?? []
  return {
    ...moment,
    scans: new Map(counters.map(([oid, scans]) => [oid, scans])),
    written: new Map(counters.map(([oid, , written]) => [oid, written])),
  }
}

/** Returns the moment as the next transaction starts: what is committed stays, locks and counters are gone. */
export function afterCommit(moment: Moment): Moment {
  return { ...moment, locks: [], scans: new Map(), written: new Map() }
}

/** Returns what happened between two looks at one transaction; relations go by the names they had before. */
export async function describeChange(
  client: Client,
  baseline: Baseline,
  before: Moment,
  after: Moment,
): Promise<SeenChange> {
  const nameOf = (oid: number): RelationState | undefined => (baseline.has(oid) ? before.relations.get(oid) : undefined)
  const scans = new Map<string, RelationName>()
  for (const [oid, count] of after.scans) {
    if (count > (before.scans.get(oid) ?? 0)) {
      remember(scans, nameOf(oid))
    }
  }
  return {
    locks: strongestLocks(after.locks, nameOf),
    ...compareFilenodes(before, after, nameOf),
    scans: [...scans.values()],
    wroteRows:
      [...after.written].some(([oid, count]) => baseline.has(oid) && count > (before.written.get(oid) ?? 0)) ||
      // An UPDATE that meets no made row takes its lock all the same.
      after.locks.some(([oid, mode]) => mode === 'RowExclusiveLock' && isTable(nameOf(oid))),
    ...(await readCreated(client, baseline, before, after)),
  }
}

function isTable(relation: RelationState | undefined): boolean {
  return relation?.kind === 'r' || relation?.kind === 'p'
}

function compareFilenodes(before: Moment, after: Moment, nameOf: (oid: number) => RelationState | undefined) {
  const rewrites = new Map<string, RelationName>()
  const indexBuilds = new Map<string, RelationName>()
  // ALTER TYPE makes some indexes anew under another identifier but takes over their files (TryReuseIndex).
  const filesBefore = new Set([...before.relations.values()].map((relation) => relation.filenode))
  for (const [oid, relation] of after.relations) {
    if (relation.filenode === null || filesBefore.has(relation.filenode)) {
      continue
    }
    if (relation.kind === 'i') {
      remember(indexBuilds, nameOf(relation.table))
    } else {
      remember(rewrites, nameOf(oid))
    }
  }
  return { rewrites: [...rewrites.values()], indexBuilds: [...indexBuilds.values()] }
}

function remember(found: Map<string, RelationName>, relation: RelationName | undefined): void {
  if (relation !== undefined) {
    found.set(`${relation.schema}\0${relation.name}`, { schema: relation.schema, name: relation.name })
  }
}

/** Returns the strongest mode held on each table or view that has a name, in a fixed order. */
function strongestLocks(locks: [number, string][], nameOf: (oid: number) => RelationState | undefined): RelationLock[] {
  const strongest = new Map<number, RelationLock>()
  for (const [oid, mode] of locks) {
    const relation = nameOf(oid)
    // Indexes are locked with their tables; a table's lock is what callers meet.
    if (relation === undefined || relation.kind === 'i') {
      continue
    }
    const held = strongest.get(oid)
    if (held === undefined || isStronger(mode as LockMode, held.mode)) {
      strongest.set(oid, { schema: relation.schema, name: relation.name, mode: mode as LockMode })
    }
  }
  return [...strongest.values()].sort((a, b) => (`${a.schema}\0${a.name}` < `${b.schema}\0${b.name}` ? -1 : 1))
}

function isStronger(mode: LockMode, than: LockMode): boolean {
  return lockModes.indexOf(mode) > lockModes.indexOf(than)
}

async function readCreated(client: Client, baseline: Baseline, before: Moment, after: Moment) {
  if (after.newest <= before.newest) {
    return { createdConstraints: [], createdIndexes: [], createdRelations: [] }
  }
  // Under an empty search_path every name in a deparsed definition is qualified.
  const path = await client.query<{ path: string }>(
    `SELECT pg_catalog.current_setting('search_path') AS path, pg_catalog.set_config('search_path', '', false)`,
  )
  const { rows } = await client.query<{
    constraints: CreatedConstraint[] | null
    indexes: CreatedIndex[] | null
    relations: (RelationName & { oid: number })[] | null
  }>(createdSql, [before.newest])
  await client.query(`SELECT pg_catalog.set_config('search_path', $1, false)`, [path.rows[0]?.path])
  const row = rows[0]
  const isNew = (relation: { oid: number }): boolean => !baseline.has(relation.oid)
  return {
    createdConstraints: row?.constraints ?? [],
    createdIndexes: row?.indexes ?? [],
    createdRelations: (row?.relations ?? []).filter(isNew).map(({ schema, name }) => ({ schema, name })),
  }
}

const createdSql = `
SELECT (SELECT json_agg(json_build_object('schema', n.nspname, 'table', c.relname, 'name', o.conname, 'type', o.contype,
                                          'definition', pg_get_constraintdef(o.oid), 'deferrable', o.condeferrable,
                                          'deferred', o.condeferred,
                                          'inherited', o.conparentid <> 0 OR NOT o.conislocal,
                                          'columns', (SELECT coalesce(json_agg(a.attname ORDER BY k.position), '[]')
                                             FROM unnest(o.conkey) WITH ORDINALITY AS k (number, position)
                                             JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.number)
                                          ) ORDER BY o.oid)
          FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE o.oid > $1::int8::oid) AS constraints,
       (SELECT json_agg(json_build_object('schema', n.nspname, 'table', t.relname, 'name', c.relname,
                                          'definition', pg_get_indexdef(c.oid)) ORDER BY c.oid)
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
          JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid > $1::int8::oid AND n.nspname <> 'pg_toast') AS indexes,
       (SELECT json_agg(json_build_object('oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname) ORDER BY c.oid)
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid > $1::int8::oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')) AS relations`

/** Returns what Postgres said of a statement that failed. */
export function toObservedError(error: unknown): ObservedError {
  const { message, position, schema, table } = error as Record<
    'message' | 'position' | 'schema' | 'table',
    string | undefined
  >
  const relation = schema === undefined || table === undefined ? null : { schema, name: table }
  return {
    sqlstate: sqlstateOf(error) ?? 'XX000',
    message: message ?? String(error),
    position: position === undefined ? null : Number(position),
    relation,
  }
}
