import type { Node } from '@pgsql/types'
import { eachNode, nameParts } from '../../plan/syntax.ts'
import { volatilityOf } from '../apply-statement.ts'
import { quoted, quotedList, type Rule, type Sight } from '../rule.ts'

export const changeFunction: Rule = {
  name: 'change-function',
  number: 66,
  severity: 'warning',
  title: 'A function that is in use gets another body, or an index is built over one of your own.',
  why: 'What calls the function is not known to Postgres where its body is text; an index over its results is not rebuilt when it changes, and finds the wrong rows.',
  remedy: 'See that both versions of the application can live with it; rebuild the indexes over it.',
  checks: {
    CreateFunctionStmt({ replace, funcname, options }, sight) {
      const name = nameParts(funcname).at(-1) ?? ''
      const known = sight.schema.functions.get(name)
      if (replace !== true || known === undefined || known.createdIn === sight.outline.migrationId) {
        return
      }
      const indexes = indexesOver(name, sight)
      const volatility = volatilityOf(options)
      const changes = [
        indexes.length > 0 ? `, over which ${quotedList(indexes)} ${indexes.length === 1 ? 'is' : 'are'} built` : '',
        volatility === known.volatility ? '' : `, which was ${known.volatility} and becomes ${volatility}`,
      ]
      sight.report(`replaces the function ${quoted(name)}${changes.join('')}`)
    },
    IndexStmt(index, sight) {
      const own = callsIn(index.indexParams).filter((name) => sight.schema.functions.has(name))
      if (own.length > 0) {
        sight.report(`builds the index ${quoted(index.idxname)} over ${quotedList(own)}`)
      }
    },
  },
}

function callsIn(node: unknown): string[] {
  const names: string[] = []
  eachNode(node, 'FuncCall', (call: { funcname?: Node[] }) => names.push(nameParts(call.funcname).at(-1) ?? ''))
  return names
}

function indexesOver(name: string, { schema }: Sight): string[] {
  return [...schema.indexes.values()]
    .filter(({ expressions }) => callsIn(expressions).includes(name))
    .map((index) => index.name)
}
