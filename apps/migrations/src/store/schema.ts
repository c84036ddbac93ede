// The tables of schema `migrations` as Kysely sees them, in step with migrations/migrations/schema.prisma.

import type {
  Database,
  DestructiveStatement,
  DriftFinding,
  Fact,
  FleetRunState,
  MaintenanceWindow,
  PlanState,
  RunPhase,
  RunState,
  WorkProblem,
} from '@freehold/contracts-migrations'
import type { ColumnType, Generated, Kysely, Selectable } from 'kysely'

/** JSON: read as data, written as text. */
type Json<T> = ColumnType<T, string, string>
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>

export interface LeaseColumns {
  starts_at: Generated<Date>
  lease_holder: string | null
  lease_until: Date | null
  /** Goes up with each lease: who writes with an older one has lost it. */
  lease_epoch: Generated<number>
  /** Attempts that ended in something that passes by itself, since the last one that did not. */
  failures: Generated<number>
}

/** What a service's strategies say of its databases. */
export interface SettingsColumns {
  windows: Json<MaintenanceWindow[]>
  approval: Database['approval']
  max_lock_ms: number
  drift_interval_ms: number
}

export interface PoliciesTable extends SettingsColumns {
  service: string
  strategy_version: number
}

export interface DatabasesTable extends SettingsColumns {
  id: string
  service: string
  name: string
  schema_name: string
  url_sealed: string | null
  url_reference: string | null
  address: NullableJson<NonNullable<Database['address']>>
  drift_checked_at: Date | null
  drift_due_at: Date
  created_at: Generated<Date>
  updated_at: Generated<Date>
  removed_at: Date | null
}

export interface MigrationSetsTable {
  id: string
  service: string
  content_hash: string
  bytes: number
  created_by: string
  created_at: Generated<Date>
}

export interface MigrationFilesTable {
  migration_set_id: string
  position: number
  migration_id: string
  checksum: string
  sql: string
}

export interface PlansTable extends LeaseColumns {
  id: string
  service: string
  database_id: string
  migration_set_id: string
  state: PlanState
  document: NullableJson<Record<string, unknown>>
  content_hash: string | null
  destructive: Json<DestructiveStatement[]>
  warnings: Json<string[]>
  problem: NullableJson<WorkProblem>
  created_by: string
  created_at: Generated<Date>
  finished_at: Date | null
}

export interface FleetRunsTable {
  id: string
  service: string
  migration_set_id: string
  phase: RunPhase
  canary_database_id: string
  parallel_max: number
  state: FleetRunState
  resumes_to: FleetRunState | null
  problem: NullableJson<WorkProblem>
  created_by: string
  created_at: Generated<Date>
  finished_at: Date | null
}

export interface RunsTable extends LeaseColumns {
  id: string
  service: string
  database_id: string
  migration_set_id: string
  plan_id: string | null
  fleet_run_id: string | null
  phase: RunPhase
  state: RunState
  /** Where a paused run goes on. */
  resumes_to: RunState | null
  requested: 'pause' | 'cancel' | null
  not_before: Date | null
  problem: NullableJson<WorkProblem>
  applied: Json<string[]>
  /** The run's id in the journal of the database itself, once it is known. */
  engine_run_id: string | null
  facts_count: Generated<number>
  created_by: string
  created_at: Generated<Date>
  started_at: Date | null
  finished_at: Date | null
}

export interface RunFactsTable {
  run_id: string
  position: number
  time: Generated<Date>
  fact: Json<Fact>
}

export interface ApprovalsTable {
  id: string
  run_id: string
  plan_id: string
  content_hash: string
  decision: 'approved' | 'rejected'
  reason: string
  decided_by: string
  created_at: Generated<Date>
}

export interface DriftFindingsTable {
  id: string
  service: string
  database_id: string
  fingerprint: string
  differences: Json<DriftFinding['differences']>
  found_at: Generated<Date>
  resolved_at: Date | null
}

export interface Tables {
  policies: PoliciesTable
  databases: DatabasesTable
  migration_sets: MigrationSetsTable
  migration_files: MigrationFilesTable
  plans: PlansTable
  fleet_runs: FleetRunsTable
  runs: RunsTable
  run_facts: RunFactsTable
  approvals: ApprovalsTable
  drift_findings: DriftFindingsTable
}

/** The store, or a transaction on it. */
export type Store = Kysely<Tables>
export type DatabaseRow = Selectable<DatabasesTable>
export type PlanRow = Selectable<PlansTable>
export type RunRow = Selectable<RunsTable>
export type FleetRunRow = Selectable<FleetRunsTable>
