import type { AlterTableStmt, CreateStmt } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import { showType } from '../column-types.ts'
import { addedConstraints, type LintUnit } from '../migration-outline.ts'
import { keysOf } from '../relations.ts'
import { type EndSight, quoted, quotedList, type Rule } from '../rule.ts'
import type { ModelConstraint, ModelTable, SchemaModel } from '../schema-model.ts'

export const foreignKeyWithoutIndex: Rule = {
  name: 'foreign-key-without-index',
  number: 16,
  severity: 'warning',
  title: 'A foreign key has no index on its columns, or other types than what it references.',
  why: 'Each DELETE on the referenced table reads the whole referencing one, and locks rows meanwhile; a narrower type runs out of values first.',
  remedy: 'Add an index that begins with the columns of the foreign key; give both sides one type.',
  checks: {
    end(sight) {
      for (const table of sight.schema.tables.values()) {
        for (const constraint of table.constraints.values()) {
          if (constraint.kind === 'foreign' && constraint.addedIn === sight.outline.migrationId) {
            judge(table, constraint, sight)
          }
        }
      }
    },
  },
}

function judge(table: ModelTable, constraint: ModelConstraint, sight: EndSight): void {
  const { schema, report } = sight
  const place = placeOf(table, constraint, sight)
  if (place === undefined) {
    return
  }
  const columns = `${quotedList(constraint.columns)} of ${quoted(table.name)}`
  if (!table.isPartlyKnown && !hasIndex(table, constraint, schema)) {
    report(place.statement, `the foreign key ${quoted(constraint.name)} has no index on ${columns}`, place.at)
  }
  const types = differingTypes(table, constraint, schema)
  if (types !== undefined) {
    report(place.statement, `the foreign key ${quoted(constraint.name)} leads from ${types}`, place.at)
  }
}

/** Returns the statement that adds the foreign key, and where in it that stands. */
function placeOf(table: ModelTable, { name, columns }: ModelConstraint, { outline }: EndSight) {
  for (const unit of outline.units) {
    const added = addedConstraints(unit.node).find(
      (each) =>
        each.table === table.name && (each.constraint.conname === name || each.columns.join() === columns.join()),
    )
    if (added !== undefined) {
      return { statement: unit.statement, at: unit.isGuarded ? undefined : added.constraint }
    }
  }
  const unit = outline.units.find((each) => makes(each, table.name))
  return unit === undefined ? undefined : { statement: unit.statement, at: undefined }
}

function makes({ node }: LintUnit, name: string): boolean {
  const altered = bodyOf<AlterTableStmt>(node, 'AlterTableStmt')?.relation
  return (bodyOf<CreateStmt>(node, 'CreateStmt')?.relation ?? altered)?.relname === name
}

function hasIndex(table: ModelTable, { columns }: ModelConstraint, schema: SchemaModel): boolean {
  const indexes = schema.indexesOf(table).filter(({ isPartial, method }) => !isPartial && method === 'btree')
  const all = [...keysOf(table, schema), ...indexes.map((index) => index.columns)]
  return all.some((listed) => {
    const first = listed.slice(0, columns.length)
    return columns.every((column) => first.includes(column))
  })
}

function differingTypes(table: ModelTable, constraint: ModelConstraint, schema: SchemaModel): string | undefined {
  const { references } = constraint
  const target = references === undefined ? undefined : schema.findTable(references)
  const key = [...(target?.constraints.values() ?? [])].find(({ kind }) => kind === 'primary')?.columns ?? []
  const targets = references?.columns.length === 0 ? key : (references?.columns ?? [])
  for (const [index, name] of constraint.columns.entries()) {
    const from = table.columns.get(name)?.type
    const to = target?.columns.get(targets[index] ?? '')?.type
    // Text under any name or length compares as text.
    const isText = [from, to].every((type) => /^(text|varchar)$/.test(type?.name ?? ''))
    if (from !== undefined && to !== undefined && from.name !== to.name && !isText) {
      return `${quoted(name)}, which is ${showType(from)}, to ${quoted(targets[index])}, which is ${showType(to)}`
    }
  }
  return undefined
}
