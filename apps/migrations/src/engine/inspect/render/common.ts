import { quoteIdentifier, quoteLiteral, quoteQualified } from '@freehold/postgres'
import { type RightsKind, renderRights } from './rights.ts'

/** Returns COMMENT ON for what has a comment, else nothing. `target` is such as `TABLE "public"."orders"`. */
export function renderComment(target: string, comment: string | null): string[] {
  return comment === null ? [] : [`COMMENT ON ${target} IS ${quoteLiteral(comment)}`]
}

/** Returns the quoted and qualified name of an object. */
export function nameOf(object: { schema: string; name: string }): string {
  return quoteQualified(object.schema, object.name)
}

/** Returns a comma list of quoted names. */
export function nameList(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ')
}

/** Returns owner, rights and comment of an object that was just made by a superuser. */
export function renderOwned(
  word: string,
  target: string,
  object: { owner: string; acl: string[]; comment: string | null },
  rights: { kind: RightsKind; version: number; on?: string },
): string[] {
  return [
    `ALTER ${word} ${target} OWNER TO ${quoteIdentifier(object.owner)}`,
    ...renderRights({ ...rights, target: `${rights.on ?? word} ${target}`, owner: object.owner, acl: object.acl }),
    ...renderComment(`${word} ${target}`, object.comment),
  ]
}

/** Returns storage parameters (`fillfactor=70`) as they stand between parentheses. */
export function renderOptions(options: readonly string[], prefix = ''): string {
  return options
    .map((option) => {
      const [name, value] = splitOption(option)
      return `${prefix}${quoteIdentifier(name)} = ${quoteLiteral(value).trim()}`
    })
    .join(', ')
}

/** Returns the options of foreign objects (`host=localhost`) as they stand between the parentheses of OPTIONS. */
export function renderForeignOptions(options: readonly string[]): string {
  return options
    .map((option) => {
      const [name, value] = splitOption(option)
      return `${quoteIdentifier(name)} ${quoteLiteral(value).trim()}`
    })
    .join(', ')
}

/** Returns the name and the value of an option that Postgres keeps as `name=value`. */
export function splitOption(option: string): [name: string, value: string] {
  const position = option.indexOf('=')
  return position < 0 ? [option, 'true'] : [option.slice(0, position), option.slice(position + 1)]
}
