import { quoted, type Rule } from '../rule.ts'

export const dropDatabase: Rule = {
  name: 'drop-database',
  number: 51,
  severity: 'error',
  title: 'A database is dropped.',
  why: 'Nothing of it can be brought back but from a backup.',
  remedy: 'Do it by hand, outside the migrations.',
  checks: {
    DropdbStmt({ dbname }, sight) {
      sight.report(`drops the database ${quoted(dbname)}`)
    },
  },
}
