import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import { canonicalJson } from '../compare-catalogs.ts'
import { type RightsKind, renderRights } from '../render/rights.ts'

/** How an object that is there before and after is taken back: by statements, by making it anew, or not at all. */
export interface Alteration {
  sql: string[]
  cannot: string[]
  recreate: boolean
  /** What the statements read or write whole. */
  heavy: string[]
}

export const unchanged: Alteration = { sql: [], cannot: [], recreate: false, heavy: [] }
export const recreated: Alteration = { ...unchanged, recreate: true }

/** Returns the names of the properties in which two objects differ. */
export function changedProperties(before: object, after: object): string[] {
  const [left, right] = [before as Record<string, unknown>, after as Record<string, unknown>]
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...names].filter((name) => canonicalJson(left[name] ?? null) !== canonicalJson(right[name] ?? null))
}

/** Returns whether the changes are of these properties only. */
export function areOnly(changed: string[], properties: readonly string[]): boolean {
  return changed.every((name) => properties.includes(name))
}

/** Returns the statement that sets or removes a comment. */
export function renderCommentChange(target: string, comment: string | null): string {
  return `COMMENT ON ${target} IS ${comment === null ? 'NULL' : quoteLiteral(comment)}`
}

interface OwnedObject {
  owner: string
  acl: string[]
  comment: string | null
}

/** Returns the statements for a changed owner, changed rights and a changed comment. */
export function alterOwned(
  word: string,
  target: string,
  before: OwnedObject,
  after: OwnedObject,
  rights: { kind: RightsKind; version: number; target?: string },
): string[] {
  const changed = changedProperties(
    { owner: before.owner, acl: before.acl, comment: before.comment },
    { owner: after.owner, acl: after.acl, comment: after.comment },
  )
  const { owner, acl } = before
  return [
    ...(changed.includes('owner') ? [`ALTER ${word} ${target} OWNER TO ${quoteIdentifier(owner)}`] : []),
    ...(changed.includes('acl')
      ? renderRights({ ...rights, target: rights.target ?? `${word} ${target}`, owner, acl }, { reset: after.acl })
      : []),
    ...(changed.includes('comment') ? [renderCommentChange(`${word} ${target}`, before.comment)] : []),
  ]
}

/** Returns SET and RESET for storage parameters that differ; `alter` is what they are appended to. */
export function renderOptionChanges(alter: string, before: string[], after: string[], prefix = ''): string[] {
  const nameOfOption = (option: string): string => option.split('=')[0] ?? option
  const set = before.filter((option) => !after.includes(option))
  const kept = new Set(before.map(nameOfOption))
  const reset = after.map(nameOfOption).filter((name) => !kept.has(name))
  return [
    ...(reset.length === 0
      ? []
      : [`${alter} RESET (${reset.map((name) => prefix + quoteIdentifier(name)).join(', ')})`]),
    ...set.map((option) => {
      const value = quoteLiteral(option.slice(nameOfOption(option).length + 1)).trim()
      return `${alter} SET (${prefix}${quoteIdentifier(nameOfOption(option))} = ${value})`
    }),
  ]
}
