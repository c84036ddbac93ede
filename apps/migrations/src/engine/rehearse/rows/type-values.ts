/**
 * Values for every type that a catalog knows, as the text that Postgres reads. The value with a given number is the
 * same in every table, so that columns which are compared with each other without a foreign key meet.
 */
import type { Catalog, UserType } from '../../inspect/catalog.ts'
import { baseType, findType } from '../../prove/find-type.ts'

/** Gives the values of types by number from 0; `undefined` for a type that it knows no value of. */
export interface TypeValues {
  value(type: string, number: number): string | undefined
  /** A value unlike that of every other number, where the type has as many. */
  uniqueValue(type: string, number: number): string | undefined
  userType(type: string): UserType | undefined
  /** A user's type by its name without schema, as a statement has it. */
  userTypeNamed(name: string): UserType | undefined
}

type Maker = (number: number, argument: string) => string

export function typeValues(catalog: Catalog): TypeValues {
  const userType = (type: string): UserType | undefined => findType(catalog, type)
  const make = (type: string, number: number, unique: boolean): string | undefined => {
    const base = baseType(catalog, type)
    if (base.endsWith('[]')) {
      return arrayOf(number, (item) => make(base.slice(0, -2), item, unique))
    }
    const own = userType(base)
    if (own !== undefined) {
      return valueOfUserType(own, number, (inner, item) => make(inner, item, unique))
    }
    const { name, argument } = splitType(base)
    const maker =
      (unique ? uniqueMakers[name] : undefined) ?? makers[name] ?? extensionMakers[name.split('.').at(-1) ?? '']
    return maker?.(number, argument)
  }
  return {
    value: (type, number) => make(type, number, false),
    uniqueValue: (type, number) => make(type, number, true),
    userType: (type) => userType(baseType(catalog, type)),
    userTypeNamed: (name) => catalog.types.find((candidate) => candidate.name === name),
  }
}

/** Splits `timestamp(3) without time zone` into the name without its argument, and the argument. */
export function splitType(type: string): { name: string; argument: string } {
  const found = /^(.*?)\(([^)]*)\)(.*)$/.exec(type)
  return found === null ? { name: type, argument: '' } : { name: `${found[1]}${found[3]}`, argument: found[2] ?? '' }
}

function arrayOf(number: number, item: (number: number) => string | undefined): string | undefined {
  const items = Array.from({ length: (number + 2) % 3 }, (_, position) => item(number + position))
  if (item(0) === undefined || items.some((value) => value === undefined)) {
    return undefined
  }
  return `{${items.map((value) => quotePart(value as string)).join(',')}}`
}

/** Quotes a value as a part of an array, a range or a composite. */
const quotePart = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

function valueOfUserType(
  type: UserType,
  number: number,
  make: (type: string, number: number) => string | undefined,
): string | undefined {
  switch (type.kind) {
    case 'enum': {
      const labels = type.labels ?? []
      return labels[number % Math.max(labels.length, 1)]
    }
    case 'composite': {
      const values = (type.attributes ?? []).map((attribute) => make(attribute.type, number))
      return `(${values.map((value) => (value === undefined ? '' : quotePart(value))).join(',')})`
    }
    case 'range': {
      const subtype = type.range?.subtype ?? ''
      const [low, high] = [make(subtype, number * 2), make(subtype, number * 2 + 1)]
      return low === undefined || high === undefined ? undefined : `[${quotePart(low)},${quotePart(high)})`
    }
    default:
      return undefined
  }
}

const integers = [1, 2, 3, 10, 42, 0, 7, -5, 100, 250]
const spread = (number: number): number => integers[number] ?? number + 300

// Case, length, spaces, quotes, other alphabets, and one that looks like a number.
const texts = [
  'alpha',
  'Beta Two',
  "O'Brien",
  'Ünïcode ✓',
  'GAMMA-4',
  '5',
  'x'.repeat(120),
  'semi;colon "quoted"',
  ' padded ',
  '日本',
]
const text = (number: number): string => texts[number] ?? `text ${number}`
/** Every other value is one that unique columns have too, so that joins find partners. */
const anyText: Maker = (number, argument) =>
  number % 2 === 1 ? uniqueText(number, argument) : fitted(text(number), argument)

const twoDigits = (number: number): string => String(number).padStart(2, '0')
/** A day of the years 2001 to 2010, so that nothing made is taken for a value of now(). */
const date = (number: number): string =>
  new Date(Date.UTC(2001, 0, 5 + ((number * 137) % 3500))).toISOString().slice(0, 10)
const time = (number: number): string =>
  `${twoDigits((number * 5) % 24)}:${twoDigits((number * 7) % 60)}:${twoDigits((number * 11) % 60)}.125`

function numeric(number: number, argument: string): string {
  const [precision, scale] = argument === '' ? [10, 2] : (argument.split(',').map(Number) as [number, number?])
  const digits = Math.max(precision - (scale ?? 0), 0)
  const whole = Math.abs(spread(number)) % 10 ** Math.min(digits, 9)
  return (scale ?? 0) > 0 ? `${digits === 0 ? 0 : whole}.${(((number * 3) % 9) + 1) % 10}` : String(whole)
}

function fitted(value: string, argument: string): string {
  const length = Number(argument === '' ? 0 : argument)
  return length > 0 ? [...value].slice(0, length).join('') : value
}

function uniqueText(number: number, argument: string): string {
  const length = Number(argument === '' ? 0 : argument)
  const suffix = number.toString(36)
  if (length > 0 && length < 12) {
    return suffix.slice(-length)
  }
  return `${fitted(text(number % texts.length), length === 0 ? '' : String(length - suffix.length - 1)).trim()} ${suffix}`
}

const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0')
const bits = (number: number, argument: string): string => {
  const length = Number(argument === '' ? 1 : argument)
  return (number + 1).toString(2).padStart(length, '0').slice(-length)
}
const range = (low: string, high: string): string => `["${low}","${high}")`
const intRange: Maker = (number) => range(String(number * 10), String(number * 10 + 5))
const numericRange: Maker = (number) => range(`${number * 10}.5`, `${number * 10 + 5}.5`)
const dateRange: Maker = (number) => range(date(number), nextDay(number))
const nextDay = (number: number): string =>
  new Date(Date.parse(date(number)) + 24 * 3600 * 1000).toISOString().slice(0, 10)
const instantRange: Maker = (number) => range(`${date(number)} 00:00:00+00`, `${nextDay(number)} 00:00:00+00`)
const plainInstantRange: Maker = (number) => range(`${date(number)} 00:00:00`, `${nextDay(number)} 00:00:00`)
const multi =
  (maker: Maker): Maker =>
  (number, argument) =>
    `{${maker(number, argument)}}`

const makers: Record<string, Maker> = {
  smallint: (number) => String(spread(number)),
  integer: (number) => String(spread(number)),
  bigint: (number) => String(spread(number)),
  oid: (number) => String(number + 1),
  numeric,
  money: (number) => `${number + 1}.50`,
  real: (number) => String(spread(number) * 1.5),
  'double precision': (number) => String(spread(number) * 1.25),
  boolean: (number) => (number % 2 === 0 ? 'true' : 'false'),
  text: anyText,
  'character varying': anyText,
  character: (number, argument) => anyText(number, argument === '' ? '1' : argument),
  '"char"': (number) => String.fromCharCode(97 + (number % 26)),
  name: text,
  uuid: (number) => `${hex(number + 1, 8)}-0000-4000-8000-${hex(number + 1, 12)}`,
  date,
  'timestamp without time zone': (number) => `${date(number)} ${time(number)}`,
  'timestamp with time zone': (number) => `${date(number)} ${time(number)}+00`,
  'time without time zone': time,
  'time with time zone': (number) => `${time(number)}+00`,
  interval: (number) => ['1 day', '02:30:00', '3 mons', '90 days', '1 year 2 days 00:00:05'][number % 5] as string,
  json: (number) => JSON.stringify(jsonObject(number)),
  jsonb: (number) => JSON.stringify(jsonObject(number)),
  bytea: (number) => `\\x${hex(number * 7919 + 1, 8)}`,
  bit: bits,
  'bit varying': (number, argument) => bits(number, argument === '' ? '8' : argument),
  inet: (number) => `10.0.${number % 200}.${(number % 250) + 1}`,
  cidr: (number) => `10.${number % 250}.0.0/16`,
  macaddr: (number) => `08:00:2b:01:02:${hex(number % 256, 2)}`,
  macaddr8: (number) => `08:00:2b:01:02:03:04:${hex(number % 256, 2)}`,
  tsvector: (number) => `'term${number}':1 'word':2`,
  tsquery: (number) => `'term${number}' & 'word'`,
  point: (number) => `(${number},${number + 1})`,
  line: (number) => `{1,2,${number}}`,
  lseg: (number) => `[(0,0),(${number + 1},1)]`,
  box: (number) => `(${number * 10 + 5},5),(${number * 10},0)`,
  path: (number) => `((0,0),(${number + 1},1))`,
  polygon: (number) => `((0,0),(${number + 1},0),(0,1))`,
  circle: (number) => `<(${number * 10},0),1>`,
  xml: (number) => `<a>${number}</a>`,
  pg_lsn: (number) => `0/${hex(number + 1, 1)}`,
  regclass: () => 'pg_class',
  regtype: () => 'integer',
  int4range: intRange,
  int8range: intRange,
  numrange: numericRange,
  daterange: dateRange,
  tsrange: plainInstantRange,
  tstzrange: instantRange,
  int4multirange: multi(intRange),
  int8multirange: multi(intRange),
  nummultirange: multi(numericRange),
  datemultirange: multi(dateRange),
  tsmultirange: multi(plainInstantRange),
  tstzmultirange: multi(instantRange),
}

const uniqueMakers: Record<string, Maker> = {
  smallint: (number) => String(number + 1),
  integer: (number) => String(number + 1),
  bigint: (number) => String(number + 1),
  numeric: (number) => String(number + 1),
  real: (number) => String(number + 1),
  'double precision': (number) => String(number + 1),
  interval: (number) => `${number + 1} days`,
  text: uniqueText,
  name: uniqueText,
  'character varying': uniqueText,
  character: (number, argument) => uniqueText(number, argument === '' ? '1' : argument),
}

/** Types of extensions, by their name without schema. */
const extensionMakers: Record<string, Maker> = {
  citext: uniqueText,
  hstore: (number) => `"a"=>"${number}"`,
  ltree: (number) => `top.part${number}`,
  cube: (number) => `(${number})`,
  vector: (number, argument) => vector(number, argument),
  halfvec: (number, argument) => vector(number, argument),
}

const vector: Maker = (number, argument) =>
  `[${Array.from({ length: Number(argument === '' ? 3 : argument) }, (_, position) => (number + position) % 5).join(',')}]`

// Objects only: most functions on JSON fail on a scalar, and those on arrays are known by the statements that call them.
function jsonObject(number: number): unknown {
  const objects = [
    {},
    { name: 'alpha', count: 1 },
    { tags: ['a', 'B'], nested: { deep: true } },
    { name: "O'Brien", count: null },
  ]
  return objects[number % objects.length]
}
