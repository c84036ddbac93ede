// Whether a plan that was made and proven for one database may be tried on another. The engine refuses it where the
// schemas differ; this looks at what the schema does not tell: the server's version, and tables so much larger that the
// plan would choose another way for them.

import { connect, quoteQualified } from '@freehold/postgres'
import type { Plan } from '#engine/index.ts'
import { briefTableBytesDefault } from '#engine/plan/limits.ts'

/** Returns why the plan does not fit the database, or undefined where nothing speaks against it. */
export async function whyPlanDoesNotFit(
  plan: Pick<Plan, 'serverMajor' | 'statements'>,
  connection: { databaseUrl: string; applicationName: string },
): Promise<string | undefined> {
  const client = await connect({
    connectionString: connection.databaseUrl,
    applicationName: connection.applicationName,
  })
  try {
    const { rows } = await client.query<{ major: number }>(
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    )
    if (rows[0]?.major !== plan.serverMajor) {
      return `the server is of version ${rows[0]?.major}, the plan is for ${plan.serverMajor}`
    }
    const planned = sizesOf(plan)
    const found = await client.query<{ name: string; bytes: number | null }>(
      `SELECT name, (SELECT sum(pg_total_relation_size(leaf)) FROM (
                SELECT to_regclass(name) AS leaf UNION SELECT relid FROM pg_partition_tree(to_regclass(name))) AS tree
              )::float8 AS bytes
         FROM unnest($1::text[]) AS name`,
      [[...planned.keys()]],
    )
    const grown = found.rows.find(({ name, bytes }) => isLarge(bytes ?? 0) && !isLarge(planned.get(name) ?? 0))
    return grown === undefined ? undefined : `the table ${grown.name} is larger than the one that the plan was made for`
  } finally {
    await client.end().catch(() => {})
  }
}

function sizesOf({ statements }: Pick<Plan, 'statements'>): Map<string, number> {
  const locks = statements.flatMap(({ plainLocks }) => plainLocks)
  return new Map(locks.map(({ schema, name, bytes }) => [quoteQualified(schema, name), bytes]))
}

const isLarge = (bytes: number): boolean => bytes > briefTableBytesDefault
