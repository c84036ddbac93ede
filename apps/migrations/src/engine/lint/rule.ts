/** What a rule of `freehold migrate lint` is; each is one file of rules/, with an example of bad and of good SQL beside it. */
import type { AlterTableCmd, ColumnDef, Constraint, Node, RangeVar } from '@pgsql/types'
import type { Statement } from '../parse/statement.ts'
import { bodyOf } from '../plan/syntax.ts'
import type { MigrationOutline } from './migration-outline.ts'
import type { ModelTable, SchemaModel } from './schema-model.ts'

/** `error`: Freehold refuses it. `warning`: nobody but its author can mend it. `note`: Freehold does it online by itself. */
export type Severity = 'error' | 'warning' | 'note'

export interface Rule {
  /** In kebab-case, as its file. */
  name: string
  /** Its number in docs/reference/lint.md; never given to another rule. */
  number: number
  severity: Severity
  /** What is reported, as a sentence. */
  title: string
  /** What happens to the database or the application where the statement is run as written. */
  why: string
  /** What Freehold does by itself, or what the author has to do. */
  remedy: string
  checks: Checks
}

type KindsOf<Union> = Union extends unknown ? keyof Union : never
type Kind = KindsOf<Node>
type Body<K extends Kind> = Extract<Node, Record<K, unknown>>[K]

/** Called for each statement of the kind; `AlterTableCmd` for each command of an ALTER TABLE. */
export type Checks = { [K in Kind]?: (body: Body<K>, sight: Sight) => void } & {
  /** Called once behind the last statement of each migration. */
  end?: (sight: EndSight) => void
}

/** Where in its statement a finding stands: `location` counts bytes, as in the parse tree. */
interface Located {
  location?: number | undefined
}

/** What a check sees of one statement. */
export interface Sight {
  /** What earlier statements made; the statement itself has not been carried out yet. */
  schema: SchemaModel
  outline: MigrationOutline
  statement: Statement
  node: Node
  /** The table of an ALTER TABLE. */
  relation: RangeVar | undefined
  /** Tells whether the table was there before the migration, so that the application may be using it. */
  inUse(relation: RangeVar | undefined): boolean
  report(message: string, at?: Located, severity?: Severity): void
}

/** What a check sees at the end of a migration. */
export interface EndSight {
  schema: SchemaModel
  outline: MigrationOutline
  inUse(relation: RangeVar | undefined): boolean
  report(statement: Statement, message: string, at?: Located): void
}

type Subtype = NonNullable<AlterTableCmd['subtype']>

/** Returns the check of commands that alter a table that is in use. */
export function onCommand(
  subtypes: Subtype[],
  check: (command: AlterTableCmd, table: string, sight: Sight & { relation: RangeVar }) => void,
): Checks {
  const wanted = new Set(subtypes)
  return {
    AlterTableCmd(command, sight) {
      const { relation } = sight
      if (relation !== undefined && wanted.has(command.subtype as Subtype) && sight.inUse(relation)) {
        check(command, quoted(relation.relname), { ...sight, relation })
      }
    },
  }
}

/** Returns the check of columns that are added to a table that is in use. */
export function onAddedColumn(
  check: (column: ColumnDef, table: string, sight: Sight & { relation: RangeVar }) => void,
): Checks {
  return onCommand(['AT_AddColumn'], (command, table, sight) => {
    const column = bodyOf<ColumnDef>(command.def, 'ColumnDef')
    if (column !== undefined) {
      check(column, table, sight)
    }
  })
}

/** Returns the check of constraints that are added to a table that is in use. */
export function onAddedConstraint(
  contype: NonNullable<Constraint['contype']>,
  check: (constraint: Constraint, table: string, sight: Sight & { relation: RangeVar }) => void,
): Checks {
  return onCommand(['AT_AddConstraint'], (command, table, sight) => {
    const constraint = bodyOf<Constraint>(command.def, 'Constraint')
    if (constraint?.contype === contype) {
      check(constraint, table, sight)
    }
  })
}

/** Returns the constraint of that type that stands behind the column's type. */
export function inlineConstraint(
  column: ColumnDef,
  contype: NonNullable<Constraint['contype']>,
): Constraint | undefined {
  return (column.constraints ?? [])
    .map((node) => bodyOf<Constraint>(node, 'Constraint'))
    .find((constraint) => constraint?.contype === contype)
}

/** Returns the name as messages show it. */
export function quoted(name: string | undefined): string {
  return `"${name ?? ''}"`
}

/** Returns the names as messages show them. */
export function quotedList(names: Iterable<string>): string {
  return [...names].map(quoted).join(', ')
}

/** Returns what is known of the table; undefined where no statement of the folder made it. */
export function tableOf(sight: { schema: SchemaModel }, relation: RangeVar | undefined): ModelTable | undefined {
  return relation === undefined ? undefined : sight.schema.findTable(relation)
}
