/** Statements that are refused whatever the database holds, each with what to write instead. */
import type { Node } from '@pgsql/types'
import { isTargetNew, objectNameParts } from '../bridges/existing-objects.ts'
import { matches } from '../bridges/trace-names.ts'
import type { DraftRefusal, PlanContext, PlanningUnit } from '../draft.ts'
import { isHeavy, seenOnLiveTables } from '../seen.ts'
import { bodyOf, kindOf, nameParts } from '../syntax.ts'

/** Returns the refusal of a statement that no mechanism takes by rule, or undefined. */
export function refusalByRule(unit: PlanningUnit, context: PlanContext): DraftRefusal | undefined {
  const reason = isTargetNew(unit, context)
    ? undefined
    : (reasonToRefuse(unit.unit.node, context) ?? reasonOnDomainCheck(unit, context))
  return reason === undefined ? undefined : { why: 'rule', reason }
}

function reasonToRefuse(node: Node, context: PlanContext): string | undefined {
  switch (kindOf(node)) {
    case 'TruncateStmt':
      return 'TRUNCATE removes all rows at once under ACCESS EXCLUSIVE and nothing of them can be kept: write DELETE, which runs in batches and is taken back by undo'
    case 'DropdbStmt':
      return 'a migration does not drop a database: do it by hand'
    case 'ClusterStmt':
      return 'CLUSTER rewrites the table under ACCESS EXCLUSIVE: use pg_repack'
    case 'VacuumStmt':
      return isVacuumFull(node)
        ? 'VACUUM FULL rewrites the table under ACCESS EXCLUSIVE: use pg_repack, or plain VACUUM'
        : undefined
    case 'AlterEnumStmt':
      return bodyOf<{ oldVal?: string }>(node, 'AlterEnumStmt')?.oldVal === undefined
        ? undefined
        : 'a renamed enum value is not there under its old name, and the old version fails on it: add the new value, update the rows, and leave the old one'
    case 'AlterDomainStmt':
      return reasonOnDomain(node, context)
    case 'DropStmt':
      return reasonOnDrop(node, context)
    default:
      return undefined
  }
}

function isVacuumFull(node: Node): boolean {
  const options = bodyOf<{ options?: Node[] }>(node, 'VacuumStmt')?.options ?? []
  return options.some((option) => bodyOf<{ defname?: string }>(option, 'DefElem')?.defname === 'full')
}

function reasonOnDomain(node: Node, { catalog }: PlanContext): string | undefined {
  const domain = bodyOf<{ subtype?: string; typeName?: Node[] }>(node, 'AlterDomainStmt')
  const name = nameParts(domain?.typeName).at(-1) ?? ''
  const isUsed = catalog.relations.some(({ columns }) =>
    columns.some(({ type }) => type.replaceAll('"', '').endsWith(`.${name}`)),
  )
  return domain?.subtype === 'O' && isUsed
    ? 'NOT NULL on a domain reads every table that uses it under a lock and has no NOT VALID form: set NOT NULL on the columns'
    : undefined
}

/** Before it is true of all rows it may be NOT VALID, but VALIDATE holds SHARE on every table that uses the domain. */
function reasonOnDomainCheck(unit: PlanningUnit, context: PlanContext): string | undefined {
  const subtype = bodyOf<{ subtype?: string }>(unit.unit.node, 'AlterDomainStmt')?.subtype
  return (subtype === 'C' || subtype === 'V') && isHeavy(seenOnLiveTables(unit, context))
    ? 'a CHECK on a domain reads every table that uses it while their writers wait, in its VALIDATE too: add it NOT VALID, or put the CHECK on the columns'
    : undefined
}

function reasonOnDrop(node: Node, { catalog }: PlanContext): string | undefined {
  const drop = bodyOf<{ removeType?: string; behavior?: string; objects?: Node[] }>(node, 'DropStmt')
  if (drop?.behavior !== 'DROP_CASCADE') {
    return undefined
  }
  const names = (drop.objects ?? []).map((object) => objectNameParts(object).at(-1) ?? '')
  if (drop.removeType === 'OBJECT_SCHEMA') {
    const held = [...catalog.relations, ...catalog.sequences, ...catalog.types, ...catalog.functions]
    return held.some(({ schema }) => names.includes(schema))
      ? 'DROP SCHEMA … CASCADE removes what the statement does not name: drop its objects first'
      : undefined
  }
  if (drop.removeType === 'OBJECT_TYPE' || drop.removeType === 'OBJECT_DOMAIN') {
    const isUsed = catalog.relations.some(({ columns }) =>
      columns.some(({ type }) =>
        names.some((name) => matches({ schema: undefined, name: lastPart(type) }, { schema: undefined, name })),
      ),
    )
    return isUsed
      ? 'DROP TYPE … CASCADE removes columns that the statement does not name: drop or convert them first'
      : undefined
  }
  return undefined
}

function lastPart(type: string): string {
  return (
    type
      .replaceAll('"', '')
      .replace(/(\[\])+$/, '')
      .split('.')
      .at(-1) ?? ''
  )
}
