import type { Client } from '@freehold/postgres'
import { assembleCatalog, type FamilyRows } from './assemble-catalog.ts'
import type { Catalog } from './catalog.ts'
import { columnsQuery } from './families/columns.ts'
import { constraintsQuery } from './families/constraints.ts'
import { dependenciesQuery } from './families/dependencies.ts'
import { indexesQuery } from './families/indexes.ts'
import { othersQuery } from './families/others.ts'
import { publicationsQuery } from './families/publications.ts'
import { relationsQuery } from './families/relations.ts'
import { routinesQuery } from './families/routines.ts'
import { extensionsQuery, schemasQuery } from './families/schemas.ts'
import { historySchemas, type Scope, usedCatalogs } from './families/scope.ts'
import { sequencesQuery } from './families/sequences.ts'
import { policiesQuery, rulesQuery, statisticsQuery, triggersQuery } from './families/table-parts.ts'
import { domainConstraintsQuery, typesQuery } from './families/types.ts'

export interface ReadCatalogOptions {
  /** Schemas that are not the user's; `freehold` unless it is given. */
  excludeSchemas?: string[]
  /** The session is in a transaction already and stays in it; its isolation decides what is seen. */
  insideTransaction?: boolean
}

const savepoint = 'freehold_read_catalog'

// Deparsed expressions depend on these: what is not on the search_path is qualified, literals print one way.
// Without jit off, a catalog of some size costs more than jit_above_cost and waits for the compiler.
const pinnedSettings: Record<string, string> = {
  search_path: '',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  quote_all_identifiers: 'off',
  lc_monetary: 'C',
  jit: 'off',
}

/**
 * Reads the schema of the database in one snapshot, without any right but that to connect.
 * Two round trips: the session's settings and the server's version, then one query an object family in one message.
 * The session's settings and its transaction are as before afterwards.
 */
export async function readCatalog(client: Client, options: ReadCatalogOptions = {}): Promise<Catalog> {
  const [begin, end] = options.insideTransaction
    ? [`SAVEPOINT ${savepoint}`, `ROLLBACK TO SAVEPOINT ${savepoint}; RELEASE SAVEPOINT ${savepoint}`]
    : ['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', 'ROLLBACK']
  await client.query(begin)
  try {
    const session = await client.query<SessionRow>(sessionQuery)
    const { version, user, settings, used, histories } = getFirst(session.rows)
    const scope: Scope = { excludeSchemas: [...(options.excludeSchemas ?? ['freehold']), ...histories], version, used }
    const rows = await readFamilies(client, scope)
    return assembleCatalog({ serverVersionNum: version, currentUser: user, settings }, rows)
  } finally {
    await client.query(end)
  }
}

interface SessionRow {
  version: number
  user: string
  settings: Record<string, string>
  used: string[]
  histories: string[]
}

// Locales and tablespaces are those of one machine: another one may not have them.
const sessionQuery = `
  select current_setting('server_version_num')::int as version, current_user::text as user,
    (select json_object_agg(name, setting order by name) from pg_settings
     where name = 'search_path' or (context = 'user' and name not in ('default_tablespace', 'temp_tablespaces') and name !~ '^lc_'
       and source in ('configuration file', 'global', 'database', 'user', 'database user'))) as settings,
    ${usedCatalogs} as used, ${historySchemas} as histories`

const families = {
  schemas: schemasQuery,
  extensions: extensionsQuery,
  types: typesQuery,
  domainConstraints: domainConstraintsQuery,
  sequences: sequencesQuery,
  relations: relationsQuery,
  columns: columnsQuery,
  constraints: constraintsQuery,
  indexes: indexesQuery,
  triggers: triggersQuery,
  policies: policiesQuery,
  rules: rulesQuery,
  statistics: statisticsQuery,
  routines: routinesQuery,
  publications: publicationsQuery,
  others: othersQuery,
  dependencies: dependenciesQuery,
} satisfies Record<keyof FamilyRows, (scope: Scope) => string>

async function readFamilies(client: Client, scope: Scope): Promise<FamilyRows> {
  const pins = Object.entries(pinnedSettings).map(([name, value]) => `set_config('${name}', '${value}', true)`)
  const names = Object.keys(families) as (keyof FamilyRows)[]
  const queries = names.map((name) => families[name](scope))
  const results = (await client.query([`select ${pins.join(', ')}`, ...queries].join(';\n'))) as unknown as {
    rows: unknown[]
  }[]
  const rows = Object.fromEntries(names.map((name, position) => [name, results[position + 1]?.rows]))
  return rows as unknown as FamilyRows
}

function getFirst<T>(rows: T[]): T {
  const [first] = rows
  if (first === undefined) {
    throw new Error('the server answered a query for one row with none')
  }
  return first
}
