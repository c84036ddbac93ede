import { quoted, type Rule } from '../rule.ts'

export const extension: Rule = {
  name: 'extension',
  number: 64,
  severity: 'warning',
  title: 'An extension is made or updated.',
  why: 'Many need a superuser, and which version there is differs from server to server.',
  remedy:
    'Provide extensions where the database is provided; see that every server, that of the shadow included, has this one.',
  checks: {
    CreateExtensionStmt({ extname }, sight) {
      sight.report(`makes the extension ${quoted(extname)}`)
    },
    AlterExtensionStmt({ extname }, sight) {
      sight.report(`updates the extension ${quoted(extname)}`)
    },
  },
}
