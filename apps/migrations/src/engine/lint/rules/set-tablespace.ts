import { onCommand, quoted, type Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'

export const setTablespace: Rule = {
  name: 'set-tablespace',
  number: 56,
  severity: 'note',
  title: 'A table moves to another tablespace.',
  why: 'The whole table is copied under ACCESS EXCLUSIVE: everybody who reads or writes it waits.',
  remedy: 'Freehold fills a twin of the table beside it, which takes its place in milliseconds.',
  checks: onCommand(['AT_SetTableSpace'], (command, table, sight) =>
    reportTwin(`moves ${table} to the tablespace ${quoted(command.name)}`, sight),
  ),
}
