/**
 * Makes a schema on the shadow as the live database has it. The definitions are the live server's text, so a role without
 * rights elsewhere runs them; a superuser adds extensions, what nobody else can make, and at the end owners and rights.
 */
import { type Client, quoteIdentifier } from '@freehold/postgres'
import type { Catalog } from '../inspect/catalog.ts'
import { extensionKey, otherKey, publicationKey } from '../inspect/object-keys.ts'
import { createRenderContext, type RenderNode, sortNodes } from '../inspect/render/node.ts'
import { extensionNode, publicationNode } from '../inspect/render/simple.ts'
import { catalogNodes, renderOpening } from '../inspect/render-catalog.ts'
import { adaptToHost } from './adapt-catalog.ts'
import { givesOwner, requireInert, serverMadeBy } from './guarded-statements.ts'
import { isMadeLast, needsSuperuser, renderHandover } from './hand-over.ts'

/** Sessions on a new database, opened before anything is made in it; without a superuser the maker does what it can. */
export interface MakingSessions {
  maker: Client
  superuser: Client | undefined
}

/** Makes everything in the catalog; owners and rights are the maker's where `owners` is false. */
export async function makeSchema(
  { maker, superuser }: MakingSessions,
  catalog: Catalog,
  options: { makerName: string; owners: boolean },
): Promise<void> {
  const adapted = adaptToHost(catalog, options.makerName)
  const nodes = sortNodes(catalogNodes(adapted))
  const opening = renderOpening(adapted)
  if (superuser === undefined) {
    await maker.query([...opening, ...nodes.flatMap(({ sql }) => sql)].join(';\n'))
    return
  }
  await superuser.query(lockedDown(catalog, options.makerName).join(';\n'))
  const beyond = beyondMaker(adapted, options.makerName)
  let waiting = opening
  const make = async (): Promise<void> => {
    if (waiting.length > 0) {
      await maker.query(waiting.join(';\n'))
      waiting = []
    }
  }
  for (const node of nodes) {
    const special = beyond.get(node.key)
    if (special === undefined) {
      waiting.push(...ownStatements(node))
    } else if (special.length > 0) {
      await make()
      await superuser.query(special.join(';\n'))
    }
  }
  await make()
  if (options.owners) {
    await superuser.query(renderHandover(catalog).join(';\n'))
  }
}

/** What the maker's role cannot write is left to the handover, which marks it anew. */
function ownStatements(node: RenderNode): string[] {
  return node.sql.filter((statement) => !statement.startsWith('UPDATE pg_catalog.'))
}

function lockedDown(catalog: Catalog, maker: string): string[] {
  // Up to 14 the schema public of a new database is the superuser's and not the database owner's.
  const isForeign = catalog.serverVersionNum < 150000
  return [
    `SET search_path = ''`,
    `SET client_min_messages = warning`,
    ...(isForeign ? [`ALTER SCHEMA public OWNER TO ${quoteIdentifier(maker)}`] : []),
  ]
}

const superuserFamilies = new Set(['foreign data wrapper', 'server', 'user mapping'])

/** Returns, by key, what a superuser runs in the place of the object's own statements. */
function beyondMaker(adapted: Catalog, maker: string): Map<string, string[]> {
  const context = createRenderContext(adapted)
  return new Map([
    ...adapted.extensions.map((extension): [string, string[]] => {
      return [extensionKey(extension.name), extensionNode(extension).sql]
    }),
    ...adapted.publications.filter(needsSuperuser).map((publication): [string, string[]] => {
      const { sql } = publicationNode(publication, context)
      const making = sql.filter((statement) => !givesOwner(statement))
      return [publicationKey(publication.name), making.map((statement) => requireInert(statement, 'publication'))]
    }),
    ...adapted.others.filter(isMadeLast).map((other): [string, string[]] => [otherKey(other), []]),
    ...adapted.others
      .filter(({ family }) => superuserFamilies.has(family))
      .map((other): [string, string[]] => {
        const making = other.ddl.map((statement) => requireInert(statement, other.family))
        return [otherKey(other), making.flatMap((statement) => [statement, ...giveServer(statement, maker)])]
      }),
  ])
}

/** A foreign table is made by who may use its server. */
function giveServer(statement: string, maker: string): string[] {
  const server = serverMadeBy(statement)
  return server === undefined ? [] : [`ALTER SERVER ${quoteIdentifier(server)} OWNER TO ${quoteIdentifier(maker)}`]
}
