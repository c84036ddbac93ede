/**
 * The schema of one database as plain serialisable data: everything that pg_dump would dump, and what it leaves out
 * but a migration can change (validity flags, statistics targets, null against default rights).
 *
 * Names are raw (unquoted). Expressions are as Postgres prints them under an empty search_path, so that every name in
 * them is qualified. Two databases with equal catalogs are equal by online-migration rules: object identifiers, holes
 * in attnum, filenodes and the like are not in here, but for `oid`, which comparison ignores.
 */
export interface Catalog {
  /** `server_version_num`, such as 180004. */
  serverVersionNum: number
  /** The role that read it; a clone of the catalog is built and rehearsed as this role. */
  currentUser: string
  /** What `SHOW search_path` gave the reading session before it was emptied, and the role's and database's other settings. */
  settings: Record<string, string>
  schemas: Schema[]
  extensions: Extension[]
  types: UserType[]
  sequences: Sequence[]
  relations: Relation[]
  functions: Routine[]
  publications: Publication[]
  /** Families that the planner never looks into, kept whole: casts, operators, collations, text search, event triggers, default rights, …. */
  others: OtherObject[]
  /** Which object stands on which, by object keys (object-keys.ts); it orders DDL and finds dependants, and is never compared. */
  dependencies: Dependency[]
}

/** `object` needs `on`: a view its tables, columns and functions, a default its sequence, a trigger its function. */
export interface Dependency {
  object: string
  on: string
}

export interface Owned {
  owner: string
  /** aclitem[] as sorted text, with null replaced by the built-in default (acldefault). */
  acl: string[]
  comment: string | null
}

export interface Schema extends Owned {
  name: string
}
export interface Extension {
  name: string
  schema: string
  version: string
  comment: string | null
}

export interface UserType extends Owned {
  schema: string
  name: string
  kind: 'enum' | 'domain' | 'composite' | 'range'
  /** Enum labels in sort order. */
  labels?: string[]
  domain?: {
    baseType: string
    notNull: boolean
    notNullConstraint: string | null
    default: string | null
    collation: string | null
    constraints: DomainConstraint[]
  }
  attributes?: { name: string; type: string; collation: string | null; comment: string | null }[]
  range?: {
    subtype: string
    opclass: string | null
    collation: string | null
    canonical: string | null
    subtypeDiff: string | null
    multirange: string | null
  }
}
export interface DomainConstraint {
  name: string
  definition: string
  validated: boolean
  comment: string | null
}

export interface Sequence extends Owned {
  schema: string
  name: string
  type: string
  start: string
  increment: string
  min: string
  max: string
  cache: string
  cycle: boolean
  persistence: 'permanent' | 'unlogged' | 'temporary'
  /** The column it belongs to: by OWNED BY (`auto`) or as an identity (`internal`). */
  ownedBy: { schema: string; table: string; column: string; by: 'auto' | 'internal' } | null
}

export interface Relation extends Owned {
  /** Of the database it was read from; never compared. */
  oid: number
  schema: string
  name: string
  kind: 'table' | 'partitionedTable' | 'view' | 'materializedView' | 'foreignTable'
  persistence: 'permanent' | 'unlogged' | 'temporary'
  tablespace: string | null
  accessMethod: string | null
  options: string[]
  toastOptions: string[]
  columns: Column[]
  constraints: Constraint[]
  indexes: Index[]
  triggers: Trigger[]
  policies: Policy[]
  rules: Rule[]
  statistics: ExtendedStatistics[]
  rowSecurity: boolean
  forceRowSecurity: boolean
  /** As in pg_class.relreplident, with the index's name for `index`. */
  replicaIdentity: { kind: 'default' | 'nothing' | 'full' | 'index'; index: string | null }
  /** Qualified names (`schema.name`, each part quoted where it must be) in inhseqno order. */
  inherits: string[]
  partition: { bound: string; of: string } | null
  partitionKey: string | null
  /** Query of a view or materialized view, without the trailing semicolon. */
  definition: string | null
  populated: boolean | null
  ofType: string | null
  foreign: { server: string; options: string[] } | null
}

export interface Column {
  name: string
  /** format_type(), with the type qualified. */
  type: string
  collation: string | null
  notNull: boolean
  /** pg_get_expr of the default or of the generation expression. */
  default: string | null
  generated: 'stored' | 'virtual' | null
  identity: 'always' | 'byDefault' | null
  storage: string
  compression: string | null
  statisticsTarget: number | null
  options: string[]
  /** Storage of the column's type; `storage` is rendered only where it differs. */
  typeStorage: string
  foreignOptions: string[]
  acl: string[]
  comment: string | null
  isLocal: boolean
  inheritedCount: number
}

export interface Constraint {
  name: string
  kind: 'primaryKey' | 'unique' | 'foreignKey' | 'check' | 'exclusion' | 'notNull'
  /** pg_get_constraintdef, with NOT VALID where it applies. */
  definition: string
  columns: string[]
  validated: boolean
  enforced: boolean
  deferrable: boolean
  deferred: boolean
  isLocal: boolean
  inheritedCount: number
  noInherit: boolean
  /** WITHOUT OVERLAPS of a key, PERIOD of a foreign key. */
  period: boolean
  references: { schema: string; table: string; columns: string[]; onDelete: string; onUpdate: string } | null
  index: string | null
  comment: string | null
}

export interface Index {
  name: string
  /** pg_get_indexdef. */
  definition: string
  unique: boolean
  primary: boolean
  valid: boolean
  /** Plain key columns in order; null for an expression. */
  columns: (string | null)[]
  /** The constraint that the index carries, if any. */
  constraint: string | null
  /** The table it is on, qualified and quoted where it must be. */
  table: string
  /** What follows the table's name in the definition, such as `USING btree (id)`. */
  body: string
  /** Names of the INCLUDE columns. */
  include: string[]
  options: string[]
  /** WHERE clause, if partial. */
  predicate: string | null
  nullsNotDistinct: boolean
  clustered: boolean
  tablespace: string | null
  attachedTo: string | null
  statisticsTargets: (number | null)[]
  comment: string | null
}

export interface Trigger {
  name: string
  /** pg_get_triggerdef. */
  definition: string
  /** As in pg_trigger.tgenabled: O, D, R or A. */
  enabled: string
  function: string
  /** A partition's copy of its parent's trigger. */
  inherited: boolean
  comment: string | null
}
export interface Policy {
  name: string
  permissive: boolean
  command: string
  roles: string[]
  using: string | null
  check: string | null
  comment: string | null
}
export interface Rule {
  name: string
  definition: string
  enabled: string
  comment: string | null
}
export interface ExtendedStatistics {
  schema: string
  name: string
  definition: string
  target: number | null
  owner: string
  comment: string | null
}

export interface Routine extends Owned {
  schema: string
  name: string
  kind: 'function' | 'procedure' | 'aggregate' | 'window'
  /** pg_get_function_identity_arguments. */
  identityArguments: string
  result: string | null
  language: string
  /** pg_get_functiondef, or for an aggregate its CREATE AGGREGATE. */
  definition: string
}

export interface Publication {
  name: string
  owner: string
  comment: string | null
  allTables: boolean
  /** `insert`, `update`, `delete`, `truncate`, in this order. */
  publishes: string[]
  viaRoot: boolean
  /** As in pg_publication.pubgencols: `n` or `s`; null before 18. */
  generatedColumns: string | null
  tables: { schema: string; name: string; columns: string[] | null; where: string | null }[]
  schemas: string[]
}

/** An object that is only ever rendered and compared: `key` names it within its family. */
export interface OtherObject {
  family: string
  key: string
  /** Creates it, its comment included. */
  ddl: string[]
  drop: string
  /** Gives it its owner. */
  owner: string[]
  /** Gives it its rights, where they differ from the built-in ones. */
  acl: string[]
  /** Every role that the statements name. */
  roles: string[]
  /** Whether it is made before types and tables, after them, or after all else. */
  when: 'early' | 'late' | 'last'
}

/** Size and row facts of the live database; they differ by place and never enter a fingerprint or a comparison. */
export interface RelationSize {
  schema: string
  name: string
  oid: number
  /** Heap, toast and indexes apart. */
  heapBytes: number
  totalBytes: number
  /** reltuples, or a count where it was never analysed and the table is small. */
  rowsEstimate: number
  /** False only if the table was seen to hold no row at all. */
  hasRows: boolean
}
