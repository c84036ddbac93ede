import { type Client, quoteIdentifier, sqlstates } from '@freehold/postgres'
import { parseSql } from '../parse/parser.ts'
import type { Refusal } from '../plan/plan.ts'
import { Problem, problems } from '../problem.ts'
import { namedRelations } from '../rehearse/named-relations.ts'

/**
 * Returns the Problem `rightsMissing`, with the GRANT to give, for a statement that Postgres refuses to this role;
 * undefined where it was refused for another reason.
 */
export async function explainRights(client: Client, refusal: Refusal | undefined): Promise<Problem | undefined> {
  if (refusal?.sqlstate !== sqlstates.insufficientPrivilege) {
    return undefined
  }
  const nodes = parseSql(refusal.sql).map(({ node }) => node)
  const named = (await Promise.all(nodes.map((node) => namedRelations(client, node)))).flat()
  const { rows } = await client.query<{ role: string; owners: string[] }>(
    `SELECT current_user AS role,
            ARRAY(SELECT DISTINCT pg_get_userbyid(c.relowner)::text
                    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    JOIN unnest($1::text[], $2::text[]) AS named (schema, name)
                      ON n.nspname = named.schema AND c.relname = named.name
                   WHERE NOT pg_has_role(c.relowner, 'USAGE')) AS owners`,
    [named.map(({ schema }) => schema), named.map(({ name }) => name)],
  )
  const { role = '', owners = [] } = rows[0] ?? {}
  const grants = owners.map((owner) => `GRANT ${quoteIdentifier(owner)} TO ${quoteIdentifier(role)}`)
  return new Problem(
    problems.rightsMissing,
    `the role ${role} may not run a statement of ${refusal.migrationId}, and nothing was changed: ${refusal.reason}`,
    {
      sqlstate: refusal.sqlstate,
      migrationId: refusal.migrationId,
      line: refusal.line,
      hint: grants.length === 0 ? undefined : `connect as ${owners.join(', ')}, or run: ${grants.join('; ')}`,
    },
  )
}
