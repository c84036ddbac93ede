import type { Client } from '@freehold/postgres'

/** What of the live database's surroundings a shadow takes over, besides its schema. */
export interface LiveSurroundings {
  /** Whether the role that migrates may create schemas in the database. */
  mayCreate: boolean
  superuser: boolean
  createRole: boolean
  bypassRowSecurity: boolean
  /** Roles that it is a member of, predefined ones included. */
  memberOf: string[]
  databaseOwner: string
  /** The server's roles, which statements may grant rights to; of very many only the first. */
  roles: string[]
}

const rolesMax = 200

/** Reads the surroundings from a session of the role that migrates. */
export async function readSurroundings(client: Client): Promise<LiveSurroundings> {
  const { rows } = await client.query<LiveSurroundings>(
    `SELECT has_database_privilege(d.oid, 'CREATE') AS "mayCreate",
            r.rolsuper AS superuser, r.rolcreaterole AS "createRole", r.rolbypassrls AS "bypassRowSecurity",
            pg_get_userbyid(d.datdba)::text AS "databaseOwner",
            ARRAY(SELECT g.rolname::text FROM pg_roles g
                   WHERE NOT r.rolsuper AND g.oid <> r.oid AND g.rolname <> 'pg_database_owner'
                     AND EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = g.oid AND m.member = r.oid)
                   ORDER BY 1) AS "memberOf",
            ARRAY(SELECT g.rolname::text FROM pg_roles g WHERE NOT starts_with(g.rolname, 'pg_')
                   ORDER BY 1 LIMIT ${rolesMax}) AS roles
       FROM pg_database d, pg_roles r
      WHERE d.datname = current_database() AND r.rolname = current_user`,
  )
  if (rows[0] === undefined) {
    throw new Error('the server does not show the database and the role of its own session')
  }
  return rows[0]
}
