/** Types of columns as the parser writes them, and which changes of them leave the rows as they are. */
import type { Node, TypeName } from '@pgsql/types'
import { bodyOf, columnNamesOf, nameParts } from '../plan/syntax.ts'

export interface ColumnType {
  /** The name without schema, as the parser has it: `int4`, `varchar`, `timestamptz`. */
  name: string
  /** What stands in brackets behind the name. */
  modifiers: number[]
  isArray: boolean
}

const serials: Record<string, string> = {
  smallserial: 'int2',
  serial2: 'int2',
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
}

/** Tells whether the type is an integer with a sequence of its own. */
export function isSerial(type: TypeName | undefined): boolean {
  return (nameParts(type?.names).at(-1) ?? '') in serials
}

/** Returns the type; undefined where there is none, as in a column of a partition. */
export function columnTypeOf(type: TypeName | undefined): ColumnType | undefined {
  const name = nameParts(type?.names).at(-1)
  if (type === undefined || name === undefined) {
    return undefined
  }
  const modifiers = (type.typmods ?? []).map(
    (node) => bodyOf<{ ival?: { ival?: number } }>(node, 'A_Const')?.ival?.ival ?? 0,
  )
  return { name: serials[name] ?? name, modifiers, isArray: (type.arrayBounds ?? []).length > 0 }
}

const shown: Record<string, string> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  bpchar: 'char',
}

/** Returns the type as people write it. */
export function showType(type: ColumnType): string {
  const modifiers = type.modifiers.length === 0 ? '' : `(${type.modifiers.join(',')})`
  return `${shown[type.name] ?? type.name}${modifiers}${type.isArray ? '[]' : ''}`
}

/** Types whose modifier only limits what goes in, so that a wider one leaves the rows as they are (their support functions). */
const widening = new Set(['varchar', 'varbit', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'])

const sameBytes = new Set(['varchar>text', 'text>varchar', 'citext>text', 'text>citext', 'citext>varchar', 'cidr>inet'])

/** Tells whether the change leaves every row as it is; a change under the session's TimeZone counts as one that does not. */
export function keepsRows(from: ColumnType, to: ColumnType): boolean {
  if (from.isArray !== to.isArray) {
    return false
  }
  if (from.name !== to.name) {
    const isSame = sameBytes.has(`${from.name}>${to.name}`)
    return isSame && !from.isArray && (to.modifiers.length === 0 || isWider(from, to))
  }
  if (to.name === 'numeric') {
    const [precision = 0, scale = 0] = to.modifiers
    const [oldPrecision = 0, oldScale = 0] = from.modifiers
    return to.modifiers.length === 0 || (from.modifiers.length > 0 && scale === oldScale && precision >= oldPrecision)
  }
  if (to.modifiers.length === 0 && from.modifiers.length === 0) {
    return true
  }
  return widening.has(to.name) && (to.modifiers.length === 0 || isWider(from, to))
}

function isWider(from: ColumnType, to: ColumnType): boolean {
  return from.modifiers.length > 0 && (to.modifiers[0] ?? 0) >= (from.modifiers[0] ?? 0)
}

/** Tells whether USING says no more than the cast that is made anyway. */
export function isPlainCast(using: Node | undefined, column: string, to: ColumnType): boolean {
  if (using === undefined) {
    return true
  }
  const cast = bodyOf<{ arg?: Node; typeName?: TypeName }>(using, 'TypeCast')
  const inner = cast?.arg ?? using
  const isColumn = bodyOf<object>(inner, 'ColumnRef') !== undefined && columnNamesOf(inner).has(column)
  const castTo = columnTypeOf(cast?.typeName)
  return isColumn && (castTo === undefined || castTo.name === to.name)
}
