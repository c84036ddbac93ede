import type { AlterTableCmd } from '@pgsql/types'
import { namesIn } from '../apply-statement.ts'
import { onCommand, quoted, type Rule } from '../rule.ts'

const subtypes: NonNullable<AlterTableCmd['subtype']>[] = [
  'AT_EnableTrig',
  'AT_EnableAlwaysTrig',
  'AT_EnableReplicaTrig',
  'AT_DisableTrig',
  'AT_EnableTrigAll',
  'AT_DisableTrigAll',
  'AT_EnableTrigUser',
  'AT_DisableTrigUser',
]

export const changeTrigger: Rule = {
  name: 'change-trigger',
  number: 61,
  severity: 'note',
  title: 'A trigger of a table that is in use is made, dropped, switched on or off.',
  why: 'It takes SHARE ROW EXCLUSIVE, DROP TRIGGER takes ACCESS EXCLUSIVE: behind one long transaction all writers wait. From then on both versions run with it.',
  remedy: 'Freehold waits for the lock without making others wait, and tries again.',
  checks: {
    CreateTrigStmt({ trigname, relation }, sight) {
      if (sight.inUse(relation)) {
        sight.report(`makes the trigger ${quoted(trigname)} on ${quoted(relation?.relname)}`)
      }
    },
    DropStmt(drop, sight) {
      for (const object of drop.removeType === 'OBJECT_TRIGGER' ? (drop.objects ?? []) : []) {
        const [name, relname = '', schemaname] = namesIn(object).toReversed()
        if (sight.inUse(schemaname === undefined ? { relname } : { relname, schemaname })) {
          sight.report(`drops the trigger ${quoted(name)} on ${quoted(relname)}`)
        }
      }
    },
    ...onCommand(subtypes, (command, table, sight) => {
      const verb = command.subtype?.startsWith('AT_Disable') ? 'off' : 'on'
      sight.report(`switches ${command.name === undefined ? 'triggers' : quoted(command.name)} of ${table} ${verb}`)
    }),
  },
}
