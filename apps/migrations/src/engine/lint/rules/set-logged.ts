import { onCommand, type Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'

export const setLogged: Rule = {
  name: 'set-logged',
  number: 54,
  severity: 'note',
  title: 'A table becomes logged or unlogged.',
  why: 'The whole table is copied under ACCESS EXCLUSIVE: everybody who reads or writes it waits.',
  remedy: 'Freehold fills a twin of the table beside it, which takes its place in milliseconds.',
  checks: onCommand(['AT_SetLogged', 'AT_SetUnLogged'], (command, table, sight) =>
    reportTwin(`makes ${table} ${command.subtype === 'AT_SetLogged' ? 'logged' : 'unlogged'}`, sight),
  ),
}
