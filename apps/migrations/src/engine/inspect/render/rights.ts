import { quoteIdentifier } from '@freehold/postgres'
import { parseRight, type Right } from './parse-names.ts'

const privilegeNames: Readonly<Record<string, string>> = {
  a: 'INSERT',
  r: 'SELECT',
  w: 'UPDATE',
  d: 'DELETE',
  D: 'TRUNCATE',
  x: 'REFERENCES',
  t: 'TRIGGER',
  m: 'MAINTAIN',
  X: 'EXECUTE',
  U: 'USAGE',
  C: 'CREATE',
  s: 'SET',
  A: 'ALTER SYSTEM',
}

export type RightsKind =
  | 'relation'
  | 'sequence'
  | 'routine'
  | 'schema'
  | 'type'
  | 'column'
  | 'language'
  | 'server'
  | 'wrapper'

const ownerRights: Readonly<Record<RightsKind, (version: number) => string>> = {
  relation: (version) => (version >= 170000 ? 'arwdDxtm' : 'arwdDxt'),
  sequence: () => 'rwU',
  routine: () => 'X',
  schema: () => 'UC',
  type: () => 'U',
  column: () => '',
  language: () => 'U',
  server: () => 'U',
  wrapper: () => 'U',
}
const publicRights: Readonly<Partial<Record<RightsKind, string>>> = { routine: 'X', type: 'U', language: 'U' }

/** What rights are given on: `target` follows ON in GRANT, such as `TABLE "public"."orders"`. */
export interface RightsTarget {
  kind: RightsKind
  target: string
  owner: string
  acl: string[]
  version: number
  /** Only for columns. */
  column?: string
}

/**
 * Returns the statements that give an object, fresh from CREATE and of that owner, its rights: none if they are the
 * built-in ones. With `reset` the object may have had any rights before.
 */
export function renderRights(rights: RightsTarget, options: { reset?: string[] } = {}): string[] {
  const wanted = rights.acl.map(parseRight)
  const before = (options.reset ?? defaultRights(rights)).map(parseRight)
  if (sameRights(wanted, before)) {
    return []
  }
  const holders = [...new Set(before.map((right) => right.grantee))]
  const revokes = holders.map(
    (holder) => `REVOKE ALL${columnList(rights)} ON ${rights.target} FROM ${renderGrantee(holder)} CASCADE`,
  )
  return [...revokes, ...renderGrants(rights, wanted)]
}

/** Returns the entries that Postgres takes a null access control list for. */
function defaultRights(rights: RightsTarget): string[] {
  const owner = quoteIdentifier(rights.owner)
  const own = ownerRights[rights.kind](rights.version)
  const everyones = publicRights[rights.kind]
  return [...(own === '' ? [] : [`${owner}=${own}/${owner}`]), ...(everyones ? [`=${everyones}/${owner}`] : [])]
}

function sameRights(left: Right[], right: Right[]): boolean {
  const texts = (rights: Right[]): string => JSON.stringify(rights.map((entry) => JSON.stringify(entry)).sort())
  return texts(left) === texts(right)
}

/** Grants in an order in which every grantor but the owner holds the right before passing it on. */
function renderGrants(rights: RightsTarget, entries: Right[]): string[] {
  const statements: string[] = []
  const able = new Set([rights.owner])
  let waiting = entries
  while (waiting.length > 0) {
    const ready = waiting.filter((entry) => able.has(entry.grantor))
    const next = ready.length > 0 ? ready : waiting
    for (const entry of next) {
      statements.push(...renderGrant(rights, entry))
      if (entry.privileges.some((privilege) => privilege.grantable)) {
        able.add(entry.grantee)
      }
    }
    waiting = waiting.filter((entry) => !next.includes(entry))
  }
  return statements
}

function renderGrant(rights: RightsTarget, entry: Right): string[] {
  const grants = [false, true].flatMap((grantable) => {
    const names = entry.privileges.filter((privilege) => privilege.grantable === grantable).map(toPrivilegeName)
    if (names.length === 0) {
      return []
    }
    const list = names.map((name) => name + columnList(rights)).join(', ')
    const option = grantable ? ' WITH GRANT OPTION' : ''
    return [`GRANT ${list} ON ${rights.target} TO ${renderGrantee(entry.grantee)}${option}`]
  })
  if (entry.grantor === rights.owner || grants.length === 0) {
    return grants
  }
  return [`SET SESSION AUTHORIZATION ${quoteIdentifier(entry.grantor)}`, ...grants, 'RESET SESSION AUTHORIZATION']
}

function toPrivilegeName(privilege: { letter: string }): string {
  const name = privilegeNames[privilege.letter]
  if (name === undefined) {
    throw new Error(`the privilege letter ${privilege.letter} is not known`)
  }
  return name
}

function columnList(rights: RightsTarget): string {
  return rights.column === undefined ? '' : ` (${quoteIdentifier(rights.column)})`
}

function renderGrantee(grantee: string): string {
  return grantee === '' ? 'PUBLIC' : quoteIdentifier(grantee)
}

/** Returns every role that the entries name. */
export function rolesOfRights(acl: string[]): string[] {
  return acl
    .map(parseRight)
    .flatMap((right) => [right.grantee, right.grantor])
    .filter((role) => role !== '')
}
