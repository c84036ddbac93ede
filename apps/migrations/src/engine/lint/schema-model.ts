/**
 * What is known of the database from the folder's migrations alone. What no statement of the folder made is not known to
 * be absent: a rule takes it for something that is in use.
 */
import type { Node, RangeVar } from '@pgsql/types'
import type { ColumnType } from './column-types.ts'

export interface ModelTable {
  schema: string
  name: string
  kind: 'table' | 'partitioned' | 'view' | 'materializedView'
  isTemporary: boolean
  /** The migration that made it; empty where that is not known. */
  createdIn: string
  columns: Map<string, ModelColumn>
  constraints: Map<string, ModelConstraint>
  /** Constraints that it no longer has. */
  dropped: Map<string, ModelConstraint>
  /** True where no statement of the folder made it, so that it has more than is known of it. */
  isPartlyKnown: boolean
  /** Of a view: its query. */
  query?: Node | undefined
}

export interface ModelColumn {
  name: string
  type: ColumnType | undefined
  isNotNull: boolean
  /** The migration that added it. */
  addedIn: string
  /** What the rows have in it that were there when it was added, where that is one constant for all. */
  constantOfRows?: boolean
}

export interface ModelConstraint {
  name: string
  kind: 'primary' | 'unique' | 'foreign' | 'check' | 'exclude'
  columns: string[]
  /** Of a foreign key. */
  references?: { schema: string; name: string; columns: string[] }
  deleteAction?: string | undefined
  isValidated: boolean
  addedIn: string
}

export interface ModelIndex {
  schema: string
  name: string
  table: string
  /** The columns in order; null for an expression. */
  columns: (string | null)[]
  expressions: Node[]
  isUnique: boolean
  isPartial: boolean
  /** B-tree over columns in ascending order, with nothing further. */
  isPlain: boolean
  method: string
  createdIn: string
}

export interface ModelType {
  kind: 'enum' | 'domain' | 'other'
  values: string[]
  createdIn: string
}

export interface ModelFunction {
  volatility: string
  createdIn: string
}

/** A name with its schema. */
export interface QualifiedName {
  schema: string
  name: string
}

export class SchemaModel {
  /** Where names without a schema are looked for; the first one is where they are made. */
  searchPath: string[]
  readonly tables = new Map<string, ModelTable>()
  readonly indexes = new Map<string, ModelIndex>()
  /** By their names without schema, which no two types of one application share. */
  readonly types = new Map<string, ModelType>()
  readonly functions = new Map<string, ModelFunction>()

  constructor(schema: string) {
    this.searchPath = [schema]
  }

  /** Returns the name with the schema that it has or, made now, would have. */
  qualify(relation: { schemaname?: string | undefined; relname?: string | undefined }): QualifiedName {
    const name = relation.relname ?? ''
    if (relation.schemaname !== undefined) {
      return { schema: relation.schemaname, name }
    }
    const found = this.searchPath.find((schema) => this.tables.has(keyOf({ schema, name })))
    return { schema: found ?? this.searchPath[0] ?? 'public', name }
  }

  findTable(relation: RangeVar | QualifiedName): ModelTable | undefined {
    return this.tables.get(keyOf('schema' in relation ? relation : this.qualify(relation)))
  }

  /** Enters a table that was there before the folder's first migration. */
  assumeTable(relation: RangeVar): ModelTable {
    const table: ModelTable = {
      ...this.qualify(relation),
      kind: 'table',
      isTemporary: false,
      isPartlyKnown: true,
      createdIn: '',
      columns: new Map(),
      constraints: new Map(),
      dropped: new Map(),
    }
    this.tables.set(keyOf(table), table)
    return table
  }

  findIndex(parts: string[]): ModelIndex | undefined {
    const name = parts.at(-1) ?? ''
    const schemas = parts.length > 1 ? [parts.at(-2) ?? ''] : this.searchPath
    return schemas.map((schema) => this.indexes.get(keyOf({ schema, name }))).find((index) => index !== undefined)
  }

  indexesOf(table: QualifiedName): ModelIndex[] {
    const key = keyOf(table)
    return [...this.indexes.values()].filter((index) => index.table === key)
  }

  /** Returns the foreign keys of other tables that point to the table. */
  foreignKeysTo(table: QualifiedName): { from: ModelTable; constraint: ModelConstraint }[] {
    return [...this.tables.values()].flatMap((from) =>
      [...from.constraints.values()]
        .filter(({ references }) => references !== undefined && keyOf(references) === keyOf(table))
        .map((constraint) => ({ from, constraint })),
    )
  }
}

/** Returns the key of a name in the model's maps. */
export function keyOf({ schema, name }: QualifiedName): string {
  return `${schema}.${name}`
}
