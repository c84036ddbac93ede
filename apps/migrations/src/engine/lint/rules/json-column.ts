import { newColumns } from '../new-columns.ts'
import { quotedList, type Rule } from '../rule.ts'

export const jsonColumn: Rule = {
  name: 'json-column',
  number: 45,
  severity: 'warning',
  title: 'A new column is json.',
  why: 'json has no equality: DISTINCT, GROUP BY and UNION over the column fail, also where a library writes them.',
  remedy: 'Use jsonb.',
  checks: newColumns((columns, table, sight) => {
    const found = columns.filter(({ type }) => type?.name === 'json')
    if (found.length > 0) {
      const names = quotedList(found.map(({ name }) => name))
      sight.report(`${names} of ${table} ${found.length === 1 ? 'is' : 'are'} json`, found[0])
    }
  }),
}
