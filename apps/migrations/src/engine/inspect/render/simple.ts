import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Extension, Publication, Routine, Schema, Sequence, UserType } from '../catalog.ts'
import {
  domainConstraintKey,
  extensionKey,
  publicationKey,
  routineKey,
  schemaKey,
  sequenceKey,
  typeKey,
} from '../object-keys.ts'
import { nameList, nameOf, renderComment, renderOwned } from './common.ts'
import { type RenderContext, type RenderNode, ranks } from './node.ts'
import { renderRights } from './rights.ts'

/** Returns the nodes of a schema. `public` is there already, of an owner and with rights that depend on the server. */
export function schemaNode(schema: Schema, context: RenderContext): RenderNode {
  const name = quoteIdentifier(schema.name)
  const { version } = context
  const made = { key: schemaKey(schema.name), provides: [], needs: [], rank: ranks.schema }
  if (schema.name !== 'public') {
    return {
      ...made,
      sql: [`CREATE SCHEMA ${name}`, ...renderOwned('SCHEMA', name, schema, { kind: 'schema', version })],
    }
  }
  const rights = { kind: 'schema', target: `SCHEMA ${name}`, owner: schema.owner, acl: schema.acl, version } as const
  const sql = [
    `ALTER SCHEMA ${name} OWNER TO ${quoteIdentifier(schema.owner)}`,
    ...renderRights(rights, { reset: [`${quoteIdentifier(schema.owner)}=/${quoteIdentifier(schema.owner)}`, '=/x'] }),
    `COMMENT ON SCHEMA ${name} IS ${schema.comment === null ? 'NULL' : quoteLiteral(schema.comment)}`,
  ]
  return { ...made, sql }
}

/** Returns the node of an extension. plpgsql is there already in every new database. */
export function extensionNode(extension: Extension): RenderNode {
  const name = quoteIdentifier(extension.name)
  const create = `CREATE EXTENSION IF NOT EXISTS ${name} SCHEMA ${quoteIdentifier(extension.schema)} VERSION ${quoteLiteral(extension.version).trim()}`
  const comment = extension.comment === null ? 'NULL' : quoteLiteral(extension.comment)
  return {
    key: extensionKey(extension.name),
    provides: [],
    needs: [schemaKey(extension.schema)],
    rank: ranks.extension,
    sql: [create, `COMMENT ON EXTENSION ${name} IS ${comment}`],
  }
}

/** Returns the node of a type; checks of a domain that need a function, or are not valid, get nodes of their own. */
export function typeNodes(type: UserType, context: RenderContext): RenderNode[] {
  const key = typeKey(type)
  const name = nameOf(type)
  const word = type.kind === 'domain' ? 'DOMAIN' : 'TYPE'
  const apart = (type.domain?.constraints ?? []).filter(
    (constraint) => !constraint.validated || context.needsOf(domainConstraintKey(type, constraint.name)).length > 0,
  )
  const inline = (type.domain?.constraints ?? []).filter((constraint) => !apart.includes(constraint))
  const comments = inline.flatMap((constraint) => renderDomainConstraintComment(type, constraint))
  const attributes = (type.attributes ?? []).flatMap((attribute) =>
    renderComment(`COLUMN ${name}.${quoteIdentifier(attribute.name)}`, attribute.comment),
  )
  const node: RenderNode = {
    key,
    provides: inline.map((constraint) => domainConstraintKey(type, constraint.name)),
    needs: [schemaKey(type.schema), ...context.needsOf(key)],
    rank: ranks.type,
    sql: [
      renderType(type, inline),
      ...renderOwned(word, name, type, { kind: 'type', version: context.version, on: 'TYPE' }),
      ...comments,
      ...attributes,
    ],
  }
  return [node, ...apart.map((constraint) => domainConstraintNode(type, constraint, context))]
}

type DomainConstraint = NonNullable<UserType['domain']>['constraints'][number]

/** Returns the node that adds a check to a domain. */
export function domainConstraintNode(type: UserType, constraint: DomainConstraint, context: RenderContext): RenderNode {
  const key = domainConstraintKey(type, constraint.name)
  const add = `ALTER DOMAIN ${nameOf(type)} ADD CONSTRAINT ${quoteIdentifier(constraint.name)} ${constraint.definition}`
  return {
    key,
    provides: [],
    needs: [typeKey(type), ...context.needsOf(key)],
    rank: ranks.check,
    sql: [add, ...renderDomainConstraintComment(type, constraint)],
  }
}

function renderDomainConstraintComment(type: UserType, constraint: DomainConstraint): string[] {
  return renderComment(`CONSTRAINT ${quoteIdentifier(constraint.name)} ON DOMAIN ${nameOf(type)}`, constraint.comment)
}

function renderType(type: UserType, constraints: DomainConstraint[]): string {
  const name = nameOf(type)
  const { domain, range } = type
  if (domain !== undefined) {
    return [
      `CREATE DOMAIN ${name} AS ${domain.baseType}`,
      domain.collation === null ? '' : ` COLLATE ${domain.collation}`,
      domain.default === null ? '' : ` DEFAULT ${domain.default}`,
      domain.notNullConstraint === null ? '' : ` CONSTRAINT ${quoteIdentifier(domain.notNullConstraint)}`,
      domain.notNull ? ' NOT NULL' : '',
      ...constraints.map((constraint) => ` CONSTRAINT ${quoteIdentifier(constraint.name)} ${constraint.definition}`),
    ].join('')
  }
  if (range !== undefined) {
    const members = [
      ['subtype', range.subtype],
      ['subtype_opclass', range.opclass],
      ['collation', range.collation],
      ['canonical', range.canonical],
      ['subtype_diff', range.subtypeDiff],
      ['multirange_type_name', range.multirange],
    ].flatMap(([member, value]) => (value ? [`${member} = ${value}`] : []))
    return `CREATE TYPE ${name} AS RANGE (${members.join(', ')})`
  }
  if (type.kind === 'enum') {
    return `CREATE TYPE ${name} AS ENUM (${(type.labels ?? []).map(quoteLiteral).join(', ')})`
  }
  const attributes = (type.attributes ?? []).map(
    (attribute) =>
      `${quoteIdentifier(attribute.name)} ${attribute.type}${attribute.collation === null ? '' : ` COLLATE ${attribute.collation}`}`,
  )
  return `CREATE TYPE ${name} AS (${attributes.join(', ')})`
}

/** Returns INCREMENT, MINVALUE and so on, for CREATE SEQUENCE and for an identity. */
export function renderSequenceOptions(sequence: Sequence): string {
  return [
    `START WITH ${sequence.start} INCREMENT BY ${sequence.increment} MINVALUE ${sequence.min} MAXVALUE ${sequence.max}`,
    ` CACHE ${sequence.cache} ${sequence.cycle ? 'CYCLE' : 'NO CYCLE'}`,
  ].join('')
}

/**
 * Returns the node of a sequence. That of an identity is made with its column; the owner of one that belongs to a
 * column is its table's, which hands it over.
 */
export function sequenceNode(sequence: Sequence, context: RenderContext): RenderNode {
  const name = nameOf(sequence)
  const key = sequenceKey(sequence)
  const rights = renderOwned('SEQUENCE', name, sequence, { kind: 'sequence', version: context.version })
  const base = { key, provides: [], needs: [schemaKey(sequence.schema)], rank: ranks.sequence }
  if (sequence.ownedBy?.by === 'internal') {
    return { ...base, sql: [] }
  }
  const unlogged = sequence.persistence === 'unlogged' ? 'UNLOGGED ' : ''
  const create = `CREATE ${unlogged}SEQUENCE ${name} AS ${sequence.type} ${renderSequenceOptions(sequence)}`
  return { ...base, sql: [create, ...(sequence.ownedBy === null ? rights : [])] }
}

/** Returns what a sequence that belongs to a column gets once it has its table's owner. */
export function renderOwnedSequence(sequence: Sequence, context: RenderContext): string[] {
  const name = nameOf(sequence)
  const target = { kind: 'sequence', target: `SEQUENCE ${name}`, owner: sequence.owner, acl: sequence.acl } as const
  return [
    ...renderRights({ ...target, version: context.version }),
    ...renderComment(`SEQUENCE ${name}`, sequence.comment),
  ]
}

/** Returns the signature by which statements name a routine. */
export function signatureOf(routine: Routine): string {
  const everything = routine.kind === 'aggregate' && routine.identityArguments === ''
  return `${nameOf(routine)}(${everything ? '*' : routine.identityArguments})`
}

/** Returns the routine as GRANT and REVOKE name it. */
export function targetOf(routine: Routine): string {
  // They know no AGGREGATE: it is a function there, and what it orders by is an argument as any other.
  const types = routine.identityArguments.replace(/^ORDER BY /, '').replace(' ORDER BY ', ', ')
  return `${routine.kind === 'procedure' ? 'PROCEDURE' : 'FUNCTION'} ${nameOf(routine)}(${types})`
}

/** Returns the keyword for the kind of routine. */
export function routineWord(routine: Routine): 'FUNCTION' | 'PROCEDURE' | 'AGGREGATE' {
  return routine.kind === 'procedure' ? 'PROCEDURE' : routine.kind === 'aggregate' ? 'AGGREGATE' : 'FUNCTION'
}

/** Returns the node of a function, procedure or aggregate. */
export function routineNode(routine: Routine, context: RenderContext): RenderNode {
  const word = routineWord(routine)
  const signature = signatureOf(routine)
  const target = targetOf(routine)
  const { version } = context
  return {
    key: routineKey(routine),
    provides: [],
    needs: [schemaKey(routine.schema), ...context.needsOf(routineKey(routine))],
    rank: ranks.routine,
    sql: [
      routine.definition,
      `ALTER ${word} ${signature} OWNER TO ${quoteIdentifier(routine.owner)}`,
      ...renderRights({ kind: 'routine', target, owner: routine.owner, acl: routine.acl, version }),
      ...renderComment(`${word} ${signature}`, routine.comment),
    ],
  }
}

/** Returns the node of a publication. */
export function publicationNode(publication: Publication, context: RenderContext): RenderNode {
  const key = publicationKey(publication.name)
  const name = quoteIdentifier(publication.name)
  const create = `CREATE PUBLICATION ${name}${renderPublished(publication)} WITH (${renderPublicationOptions(publication)})`
  return {
    key,
    provides: [],
    needs: [...publication.schemas.map(schemaKey), ...context.needsOf(key)],
    rank: ranks.publication,
    sql: [
      create,
      `ALTER PUBLICATION ${name} OWNER TO ${quoteIdentifier(publication.owner)}`,
      ...renderComment(`PUBLICATION ${name}`, publication.comment),
    ],
  }
}

/** Returns ` FOR …` of a publication, or nothing for one that holds no table. */
export function renderPublished(publication: Publication): string {
  if (publication.allTables) {
    return ' FOR ALL TABLES'
  }
  const tables = publication.tables.map(renderPublishedTable)
  // Up to 14 the word TABLE stands once before all of them.
  const members = [
    ...(tables.length === 0 ? [] : [`TABLE ${tables.join(', ')}`]),
    ...publication.schemas.map((schema) => `TABLES IN SCHEMA ${quoteIdentifier(schema)}`),
  ]
  return members.length === 0 ? '' : ` FOR ${members.join(', ')}`
}

/** Returns a publication's table with its columns and its row filter. */
export function renderPublishedTable(table: Publication['tables'][number]): string {
  const columns = table.columns === null ? '' : ` (${nameList(table.columns)})`
  return `ONLY ${nameOf(table)}${columns}${table.where === null ? '' : ` WHERE ${parenthesised(table.where)}`}`
}

/** Returns what stands between the parentheses of WITH. */
export function renderPublicationOptions(publication: Publication): string {
  const options = [
    `publish = ${quoteLiteral(publication.publishes.join(', '))}`,
    `publish_via_partition_root = ${publication.viaRoot}`,
  ]
  if (publication.generatedColumns !== null) {
    options.push(`publish_generated_columns = ${publication.generatedColumns === 's' ? 'stored' : 'none'}`)
  }
  return options.join(', ')
}

function parenthesised(expression: string): string {
  return `(${expression})`
}
