import type { TypeName } from '@pgsql/types'
import { nameParts } from '../../plan/syntax.ts'
import { constantText } from './scenarios.ts'

/** Names that format_type() prints another way than the parser gives them. */
const printed: Record<string, string> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  varchar: 'character varying',
  bpchar: 'character',
  varbit: 'bit varying',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  time: 'time without time zone',
  timetz: 'time with time zone',
}

/** Returns the type as format_type() prints it, as far as that is known without a database; a user's type by its name. */
export function printedType(typeName: TypeName): string {
  const name = nameParts(typeName.names).at(-1) ?? ''
  const modifiers = (typeName.typmods ?? []).map(constantText).filter((value) => value !== undefined)
  const array = (typeName.arrayBounds ?? []).length > 0 ? '[]' : ''
  const full = printed[name] ?? name
  if (modifiers.length === 0) {
    return `${full}${array}`
  }
  const [head, ...rest] = full.split(' ')
  const isTime = head === 'timestamp' || head === 'time'
  const argument = `(${modifiers.join(',')})`
  return isTime ? `${[`${head}${argument}`, ...rest].join(' ')}${array}` : `${full}${argument}${array}`
}
