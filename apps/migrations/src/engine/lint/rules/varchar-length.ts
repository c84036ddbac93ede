import { newColumns } from '../new-columns.ts'
import { quotedList, type Rule } from '../rule.ts'

export const varcharLength: Rule = {
  name: 'varchar-length',
  number: 28,
  severity: 'warning',
  title: 'A new column limits the length of its text by its type.',
  why: 'Shortening it later rewrites the table, and every change of the type breaks views and cached plans; text costs the same.',
  remedy: 'Use text, and where the length matters a CHECK, which can be changed NOT VALID.',
  checks: newColumns((columns, table, sight) => {
    const limited = columns.filter(({ type }) => type?.name === 'varchar' && type.modifiers.length > 0)
    if (limited.length > 0) {
      const names = quotedList(limited.map(({ name }) => name))
      sight.report(`${names} of ${table} ${limited.length === 1 ? 'is' : 'are'} varchar with a length`, limited[0])
    }
  }),
}
