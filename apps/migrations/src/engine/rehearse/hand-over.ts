/**
 * Statements by which a superuser gives a schema that the maker made its live owners and rights, and what only a
 * superuser can say. Everything in them but quoted names is Freehold's own text, or was checked by requireInert.
 */
import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Catalog, OtherObject, Owned, Publication, Relation, Routine } from '../inspect/catalog.ts'
import { relationWord } from '../inspect/object-keys.ts'
import { nameOf } from '../inspect/render/common.ts'
import { type RightsKind, renderRights } from '../inspect/render/rights.ts'
import { routineWord, signatureOf, targetOf } from '../inspect/render/simple.ts'
import { renderInheritanceMarks } from '../inspect/render/table.ts'
import { renderInvalidMark } from '../inspect/render/table-parts.ts'
import { rolesOf } from '../inspect/render-catalog.ts'
import { ownRights } from './adapt-catalog.ts'
import { requireGrant, requireInert, requireOwner } from './guarded-statements.ts'

/** Returns the statements, in order; throws where the catalog asks for what a superuser must not run. */
export function renderHandover(catalog: Catalog): string[] {
  const { serverVersionNum: version } = catalog
  assertOwners(catalog)
  const ofFamily = (name: string): OtherObject[] => catalog.others.filter(({ family }) => family === name)
  const plpgsql = catalog.extensions.find(({ name }) => name === 'plpgsql')
  return [
    ...(plpgsql === undefined
      ? []
      : [`COMMENT ON EXTENSION plpgsql IS ${plpgsql.comment === null ? 'NULL' : quoteLiteral(plpgsql.comment)}`]),
    ...catalog.schemas.flatMap((object) => {
      return give({ object, word: 'SCHEMA', name: quoteIdentifier(object.name), kind: 'schema', version })
    }),
    ...catalog.types.flatMap((type) => {
      return give({
        object: type,
        word: type.kind === 'domain' ? 'DOMAIN' : 'TYPE',
        name: nameOf(type),
        kind: 'type',
        on: 'TYPE',
        version,
      })
    }),
    ...catalog.sequences
      .filter(({ ownedBy }) => ownedBy === null)
      .flatMap((object) => give({ object, word: 'SEQUENCE', name: nameOf(object), kind: 'sequence', version })),
    ...catalog.functions.flatMap((routine) => giveRoutine(routine, version)),
    ...catalog.relations.flatMap((relation) => giveRelation(relation, version)),
    ...catalog.sequences
      .filter(({ ownedBy }) => ownedBy !== null)
      .flatMap((object) => rightsOf({ object, target: `SEQUENCE ${nameOf(object)}`, kind: 'sequence', version })),
    ...catalog.publications.flatMap(givePublication),
    ...catalog.others.filter((other) => !isMadeLast(other)).flatMap((other) => giveOther(other, catalog)),
    ...ofFamily('default privileges').flatMap(({ ddl, family }) => ddl.map((sql) => requireInert(sql, family))),
    // Each statement behind them but their own would run them.
    ...ofFamily('event trigger').flatMap((other) => [
      ...other.ddl.map((sql) => requireInert(sql, other.family)),
      ...giveOther(other, catalog),
    ]),
  ]
}

/** A function of one of Postgres' own roles would run with rights that no role of the live database has. */
function assertOwners({ schemas, types, sequences, functions, relations, publications }: Catalog): void {
  const statistics = relations.flatMap((relation) => relation.statistics)
  for (const { owner } of [
    ...schemas,
    ...types,
    ...sequences,
    ...functions,
    ...relations,
    ...publications,
    ...statistics,
  ]) {
    if (owner.startsWith('pg_') && owner !== 'pg_database_owner') {
      throw new Error(`the role ${owner} cannot be given an object`)
    }
  }
}

/** Tells whether the object is made after all others, by a superuser. */
export function isMadeLast({ family }: OtherObject): boolean {
  return family === 'default privileges' || family === 'event trigger'
}

interface Given {
  object: Owned
  word: string
  name: string
  kind: RightsKind
  /** The word that GRANT takes, where it is another. */
  on?: string
  version: number
}

function give({ object, word, name, kind, on, version }: Given): string[] {
  return [
    `ALTER ${word} ${name} OWNER TO ${quoteIdentifier(object.owner)}`,
    ...rightsOf({ object, target: `${on ?? word} ${name}`, kind, version }),
  ]
}

function rightsOf(rights: { object: Owned; target: string; kind: RightsKind; version: number }): string[] {
  const { object, ...rest } = rights
  const { owner, acl } = object
  // The maker made it with the owner's and everybody's rights, which went over to the owner.
  return renderRights({ ...rest, owner, acl }, { reset: ownRights(object, owner) })
}

function giveRoutine(routine: Routine, version: number): string[] {
  // The arguments are the live server's text: a list of types, from which nothing leads out.
  if (!/^(?:[\w\s,.[\]]|"(?:[^"]|"")*")*$/u.test(routine.identityArguments)) {
    throw new Error(`the arguments of the function ${nameOf(routine)} are no list of types`)
  }
  return [
    `ALTER ${routineWord(routine)} ${signatureOf(routine)} OWNER TO ${quoteIdentifier(routine.owner)}`,
    ...rightsOf({ object: routine, target: targetOf(routine), kind: 'routine', version }),
  ]
}

function giveRelation(relation: Relation, version: number): string[] {
  const word = relationWord(relation.kind).toUpperCase()
  const name = nameOf(relation)
  return [
    ...give({ object: relation, word, name, kind: 'relation', on: 'TABLE', version }),
    ...relation.columns.flatMap((column) =>
      column.acl.length === 0
        ? []
        : renderRights({
            kind: 'column',
            target: `TABLE ${name}`,
            owner: relation.owner,
            acl: column.acl,
            version,
            column: column.name,
          }),
    ),
    ...relation.statistics.map((statistics) => {
      return `ALTER STATISTICS ${nameOf(statistics)} OWNER TO ${quoteIdentifier(statistics.owner)}`
    }),
    ...renderInheritanceMarks(relation),
    ...relation.indexes.flatMap((index) => renderInvalidMark(relation, index)),
  ]
}

function givePublication(publication: Publication): string[] {
  const owner = quoteIdentifier(publication.owner)
  const give = `ALTER PUBLICATION ${quoteIdentifier(publication.name)} OWNER TO ${owner}`
  return needsSuperuser(publication) ? asSuperuser(owner, give) : [give]
}

/** Tells whether only a superuser can make the publication. */
export function needsSuperuser(publication: Publication): boolean {
  return publication.allTables || publication.schemas.length > 0
}

// Only a superuser can be given it. One message is one transaction, so that nobody sees the role as one.
function asSuperuser(role: string, statement: string): string[] {
  return [`ALTER ROLE ${role} SUPERUSER`, statement, `ALTER ROLE ${role} NOSUPERUSER`]
}

function giveOther(other: OtherObject, catalog: Catalog): string[] {
  const roles = new Set(rolesOf(catalog))
  const owners = other.owner.flatMap((sql) => {
    const { statement, owner } = requireOwner(sql, roles)
    const onlySuperusers = other.family === 'event trigger' || other.family === 'foreign data wrapper'
    return onlySuperusers ? asSuperuser(quoteIdentifier(owner), statement) : [statement]
  })
  return [...owners, ...other.acl.map(requireGrant)]
}
