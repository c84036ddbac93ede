import { onCommand, quoted, type Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'

export const setAccessMethod: Rule = {
  name: 'set-access-method',
  number: 55,
  severity: 'note',
  title: 'A table gets another access method.',
  why: 'The whole table is copied under ACCESS EXCLUSIVE: everybody who reads or writes it waits.',
  remedy: 'Freehold fills a twin of the table beside it, which takes its place in milliseconds.',
  checks: onCommand(['AT_SetAccessMethod'], (command, table, sight) =>
    reportTwin(`gives ${table} the access method ${quoted(command.name)}`, sight),
  ),
}
