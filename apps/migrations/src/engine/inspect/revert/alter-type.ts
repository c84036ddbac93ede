import { quoteIdentifier } from '@freehold/postgres'
import type { UserType } from '../catalog.ts'
import { nameOf } from '../render/common.ts'
import type { RenderContext } from '../render/node.ts'
import { type Alteration, alterOwned, changedProperties, renderCommentChange, unchanged } from './alteration.ts'

/** Returns what takes a type back: not its enum labels, and of a composite type only what was added. */
export function alterType(before: UserType, after: UserType, context: RenderContext): Alteration {
  const name = nameOf(before)
  const word = before.kind === 'domain' ? 'DOMAIN' : 'TYPE'
  const rights = { kind: 'type', version: context.version, target: `TYPE ${name}` } as const
  const owned = alterOwned(word, name, before, after, rights)
  const changed = changedProperties(before, after)
  const parts = [
    ...(changed.includes('domain') ? [alterDomain(name, before, after)] : []),
    ...(changed.includes('attributes') ? [alterAttributes(name, before, after)] : []),
    ...(changed.includes('labels') || changed.includes('kind')
      ? [
          {
            ...unchanged,
            cannot: [`the labels of the type ${name} cannot be taken back: Postgres removes no enum label`],
          },
        ]
      : []),
    ...(changed.includes('range') ? [{ ...unchanged, cannot: [`the range type ${name} cannot be changed back`] }] : []),
  ]
  return {
    ...unchanged,
    sql: [...parts.flatMap((part) => part.sql), ...owned],
    cannot: parts.flatMap((part) => part.cannot),
  }
}

function alterDomain(name: string, before: UserType, after: UserType): Alteration {
  const [left, right] = [before.domain, after.domain]
  if (left === undefined || right === undefined) {
    return { ...unchanged, cannot: [`the type ${name} cannot become a domain again`] }
  }
  const changed = changedProperties(left, right)
  const sql: string[] = []
  if (changed.includes('default')) {
    sql.push(
      left.default === null ? `ALTER DOMAIN ${name} DROP DEFAULT` : `ALTER DOMAIN ${name} SET DEFAULT ${left.default}`,
    )
  }
  if (changed.includes('notNull') || changed.includes('notNullConstraint')) {
    if (right.notNull) {
      sql.push(`ALTER DOMAIN ${name} DROP NOT NULL`)
    }
    if (left.notNull) {
      const constraint = left.notNullConstraint
      sql.push(
        constraint === null
          ? `ALTER DOMAIN ${name} SET NOT NULL`
          : `ALTER DOMAIN ${name} ADD CONSTRAINT ${quoteIdentifier(constraint)} NOT NULL`,
      )
    }
  }
  const cannot = changed.some((property) => property === 'baseType' || property === 'collation')
    ? [`the base type of the domain ${name} cannot be taken back`]
    : []
  return { ...unchanged, sql, cannot }
}

function alterAttributes(name: string, before: UserType, after: UserType): Alteration {
  const [left, right] = [before.attributes ?? [], after.attributes ?? []]
  const added = right.filter((attribute) => !left.some((other) => other.name === attribute.name))
  const kept = right.filter((attribute) => !added.includes(attribute))
  const sql = added.map((attribute) => `ALTER TYPE ${name} DROP ATTRIBUTE ${quoteIdentifier(attribute.name)}`)
  const same =
    left.length === kept.length &&
    left.every((attribute, position) => {
      const other = kept[position]
      return other !== undefined && changedProperties(attribute, other).every((property) => property === 'comment')
    })
  for (const attribute of same ? left : []) {
    const other = kept.find((candidate) => candidate.name === attribute.name)
    if (other?.comment !== attribute.comment) {
      sql.push(renderCommentChange(`COLUMN ${name}.${quoteIdentifier(attribute.name)}`, attribute.comment))
    }
  }
  return { ...unchanged, sql, cannot: same ? [] : [`an attribute of the type ${name} was dropped or changed`] }
}
