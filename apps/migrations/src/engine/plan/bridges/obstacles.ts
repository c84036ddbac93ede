/** What keeps a table from being bridged by a view, each with the fact behind it. */
import type { Relation } from '../../inspect/catalog.ts'
import { relationKey } from '../../inspect/object-keys.ts'
import { parseRight } from '../../inspect/render/parse-names.ts'
import type { PlanContext } from '../draft.ts'
import type { RelationRenames } from './renames.ts'
import { isSameName } from './trace-names.ts'

/** Returns why no view may stand under the table's new name, or undefined. */
export function obstacleToNewName(renames: RelationRenames, context: PlanContext): string | undefined {
  const { live, name } = renames
  if (context.catalog.relations.some((other) => other !== live && isSameName(other, name))) {
    return `another table has the name ${name.name} until then`
  }
  return obstacleToAnyView(live, context)
}

/** Returns why the table may not stand aside for a view with both column names, or undefined. */
export function obstacleToStandingAside(renames: RelationRenames, context: PlanContext): string | undefined {
  const { live } = renames
  const publication = publicationOf(live, context)
  if (publication !== undefined) {
    return `publication ${publication} would publish its changes under another table name`
  }
  if (live.kind !== 'table' && live.kind !== 'partitionedTable') {
    return 'only a table can stand aside'
  }
  const trigger = triggerThatReadsName(live, context)
  if (trigger !== undefined) {
    return `its trigger ${trigger} reads the table’s name`
  }
  const user = context.catalog.dependencies.find(
    ({ object, on }) => on === relationKey(live) && /^(function|procedure|aggregate|type|column) /.test(object),
  )
  if (user !== undefined) {
    return `${user.object} uses its row type`
  }
  return columnsTakenOver(renames) ?? obstacleToAnyView(live, context)
}

function columnsTakenOver({ live, columns }: RelationRenames): string | undefined {
  const taken = [...columns.values()].find((to) => live.columns.some(({ name }) => name === to))
  return taken === undefined ? undefined : `${taken} is also the name of another column until then`
}

function obstacleToAnyView(live: Relation, context: PlanContext): string | undefined {
  // Before 15 a view reads with its owner's rights, whom row security does not bind.
  if (live.rowSecurity && context.serverMajor < 15) {
    return `row security of ${live.name} does not pass through a view before PostgreSQL 15`
  }
  const role = context.serverMajor < 15 ? undefined : roleWithColumnRightsOnly(live)
  return role === undefined ? undefined : `${role} has rights on single columns, which a view cannot pass on`
}

/** Through a security_invoker view a query needs the right on every column that the view names. */
function roleWithColumnRightsOnly(live: Relation): string | undefined {
  const held = new Set(
    live.acl
      .map(parseRight)
      .flatMap(({ grantee, privileges }) => privileges.map(({ letter }) => `${grantee}\0${letter}`)),
  )
  for (const right of live.columns.flatMap(({ acl }) => acl.map(parseRight))) {
    const isCovered = right.privileges.every(
      ({ letter }) => held.has(`${right.grantee}\0${letter}`) || held.has(`\0${letter}`),
    )
    if (!isCovered) {
      return right.grantee === '' ? 'PUBLIC' : right.grantee
    }
  }
  return undefined
}

/** Returns the name of a publication that publishes the table. */
export function publicationOf(live: Relation, { catalog }: PlanContext): string | undefined {
  return catalog.publications.find(
    ({ allTables, tables, schemas }) =>
      allTables || schemas.includes(live.schema) || tables.some((table) => isSameName(table, live)),
  )?.name
}

/** A trigger function's own words for the table it fires on; a renamed base would show in what it writes. */
const tableNameWords = /\bTG_(TABLE_NAME|RELNAME|RELID)\b/i

function triggerThatReadsName(live: Relation, { catalog }: PlanContext): string | undefined {
  return live.triggers.find((trigger) => {
    const name = trigger.function.split('.').at(-1)?.replaceAll('"', '')
    return catalog.functions.some((routine) => routine.name === name && tableNameWords.test(routine.definition))
  })?.name
}
