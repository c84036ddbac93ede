import type { Node } from '@pgsql/types'
import type { Catalog } from '../inspect/catalog.ts'
import { eachNode, nameParts } from '../plan/syntax.ts'

/** Functions whose results differ from one run to the next. */
export interface VolatileFunctions {
  calledIn(node: unknown): boolean
  /** Tells whether the time of the transaction is asked for. */
  clockIn(node: unknown): boolean
  /** Tells whether the text of an expression or a function's body names one. */
  namedIn(text: string): boolean
  /** The definition of a function of the user's, by its name with or without schema. */
  definitionOf(name: string): string | undefined
}

const builtIn = new Set([
  'random',
  'random_normal',
  'gen_random_uuid',
  'gen_random_bytes',
  'gen_salt',
  'uuidv4',
  'uuidv7',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'nextval',
  'currval',
  'lastval',
  'clock_timestamp',
  'statement_timestamp',
  'timeofday',
  'txid_current',
  'pg_current_xact_id',
  'pg_backend_pid',
])

/** Returns the volatile functions of Postgres and those of the user's that call them, however indirectly. */
export function volatileFunctions(catalog: Catalog): VolatileFunctions {
  const volatile = new Set(builtIn)
  const words = catalog.functions.map((routine) => ({ name: routine.name, words: wordsOfText(routine.definition) }))
  for (let size = -1; size !== volatile.size; ) {
    size = volatile.size
    for (const routine of words) {
      if ([...routine.words].some((word) => word !== routine.name && volatile.has(word))) {
        volatile.add(routine.name)
      }
    }
  }
  const definitions = new Map(catalog.functions.map((routine) => [routine.name, routine.definition]))
  return {
    calledIn(node) {
      let found = false
      eachNode<{ funcname?: Node[] }>(node, 'FuncCall', (call) => {
        found ||= volatile.has(nameParts(call.funcname).at(-1) ?? '')
      })
      return found
    },
    clockIn(node) {
      let found = false
      eachNode<{ funcname?: Node[] }>(node, 'FuncCall', (call) => {
        found ||= ['now', 'transaction_timestamp'].includes(nameParts(call.funcname).at(-1) ?? '')
      })
      eachNode<{ op?: string }>(node, 'SQLValueFunction', (call) => {
        found ||= /^SVFOP_(CURRENT|LOCAL)_?(DATE|TIME)/.test(call.op ?? '')
      })
      return found
    },
    namedIn: (text) => [...wordsOfText(text)].some((word) => volatile.has(word)),
    definitionOf: (name) => definitions.get(name) ?? definitions.get(lastPart(name)),
  }
}

/** Returns every word of a text that may be a name. */
export function wordsOfText(text: string): Set<string> {
  return new Set(text.match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? [])
}

const lastPart = (name: string): string => name.replace(/\(.*$/, '').split('.').at(-1)?.replaceAll('"', '') ?? name
