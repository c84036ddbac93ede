import type { AlterTableCmd } from '@pgsql/types'
import { onCommand, quoted, type Rule, type Sight } from '../rule.ts'

const subtypes: NonNullable<AlterTableCmd['subtype']>[] = [
  'AT_ChangeOwner',
  'AT_EnableRowSecurity',
  'AT_DisableRowSecurity',
  'AT_ForceRowSecurity',
  'AT_NoForceRowSecurity',
]

const say = (what: string) => (_body: unknown, sight: Sight) => sight.report(what)

export const rights: Rule = {
  name: 'rights',
  number: 65,
  severity: 'warning',
  title: 'Rights, owners, roles or row security change.',
  why: 'The running version may lose what it needs, or somebody gets more than was meant; no test of the schema shows it.',
  remedy: 'Have it read by a second person; keep roles where the database is provided.',
  checks: {
    GrantStmt: (body, sight) => sight.report(body.is_grant === true ? 'grants rights' : 'revokes rights'),
    GrantRoleStmt: (body, sight) => sight.report(body.is_grant === true ? 'grants a role' : 'revokes a role'),
    AlterDefaultPrivilegesStmt: say('changes the rights on what is made later'),
    AlterOwnerStmt: say('changes an owner'),
    ReassignOwnedStmt: say('gives away all that a role owns'),
    DropOwnedStmt: say('drops all that a role owns'),
    CreateRoleStmt: say('makes a role'),
    AlterRoleStmt: say('changes a role'),
    AlterRoleSetStmt: say('changes the settings of a role'),
    DropRoleStmt: say('drops a role'),
    CreatePolicyStmt: say('makes a policy of row security'),
    AlterPolicyStmt: say('changes a policy of row security'),
    VariableSetStmt(body, sight) {
      if (body.name === 'role' || body.name === 'session_authorization') {
        sight.report('changes the role of the session')
      }
    },
    DropStmt(drop, sight) {
      if (drop.removeType === 'OBJECT_POLICY') {
        sight.report('drops a policy of row security')
      }
    },
    ...onCommand(subtypes, (command, table, sight) => {
      const isOwner = command.subtype === 'AT_ChangeOwner'
      sight.report(
        isOwner ? `gives ${table} to ${quoted(command.newowner?.rolename)}` : `changes row security of ${table}`,
      )
    }),
  },
}
