import { onAddedConstraint, quoted, type Rule, tableOf } from '../rule.ts'

export const cascadingDelete: Rule = {
  name: 'cascading-delete',
  number: 82,
  severity: 'warning',
  title: 'Rows of a table that is in use begin to be deleted with those that they reference.',
  why: 'From then on one DELETE takes rows of another table along, of the running version too, which does not expect it.',
  remedy: 'See that both versions of the application mean it.',
  checks: onAddedConstraint('CONSTR_FOREIGN', (constraint, table, sight) => {
    const known = tableOf(sight, sight.relation)
    const before = [...(known?.dropped.values() ?? [])].filter(({ kind }) => kind === 'foreign')
    const columns = (constraint.fk_attrs ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []))
    const didCascade = before.some(
      (each) => each.deleteAction === 'c' && each.references?.name === constraint.pktable?.relname,
    )
    const isNewColumn = columns.every((name) => known?.columns.get(name)?.addedIn === sight.outline.migrationId)
    if (constraint.fk_del_action === 'c' && !didCascade && !isNewColumn) {
      sight.report(`rows of ${table} are deleted with those of ${quoted(constraint.pktable?.relname)}`, constraint)
    }
  }),
}
