import type { Catalog, Owned } from '../inspect/catalog.ts'

/**
 * Returns the catalog as a server can hold it that knows none of its roles: everything belongs to `user`, who alone has
 * rights to it. What this leaves out differs by place and is left out of the comparison as well.
 */
export function adaptToHost(catalog: Catalog, user: string): Catalog {
  const owned = <T extends Owned>(object: T): T => ({ ...object, owner: user, acl: ownRights(object, user) })
  return {
    ...catalog,
    currentUser: user,
    schemas: catalog.schemas.map(owned),
    // It is there from the start, and not the host role's to comment on.
    extensions: catalog.extensions.filter((extension) => extension.name !== 'plpgsql'),
    types: catalog.types.map(owned),
    sequences: catalog.sequences.map(owned),
    functions: catalog.functions.map(owned),
    relations: catalog.relations.map((relation) => ({
      ...owned(relation),
      tablespace: null,
      columns: relation.columns.map((column) => ({ ...column, acl: [] })),
      indexes: relation.indexes.map((index) => ({ ...index, tablespace: null })),
      statistics: relation.statistics.map((statistics) => ({ ...statistics, owner: user })),
    })),
    publications: catalog.publications.map((publication) => ({ ...publication, owner: user })),
    others: catalog.others
      .filter((other) => !/default (acl|rights|privileges)/i.test(other.family))
      .map((other) => ({ ...other, owner: [], acl: [] })),
  }
}

/** Returns what of the object's rights its owner and everybody have, in the name of another owner. */
export function ownRights(object: Owned, user: string): string[] {
  return object.acl
    .map((item) => /^(.*?)=([^=]*)\/(.*)$/.exec(item))
    .filter((parts) => parts !== null)
    .filter(([, grantee]) => grantee === '' || unquote(grantee ?? '') === object.owner)
    .map(([, grantee, rights]) => `${grantee === '' ? '' : quoteRole(user)}=${rights}/${quoteRole(user)}`)
    .sort()
}

const unquote = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)

const quoteRole = (name: string): string => (/^\w+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)
