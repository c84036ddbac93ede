// The tables of schema `catalog` as Kysely sees them, in step with migrations/catalog/schema.prisma.

import type {
  ApiKey,
  ConfigurationSchema,
  ContractFinding,
  JsonValue,
  Release,
  Roles,
  Strategy,
} from '@freehold/contracts-catalog'
import type { OutboxTable } from '@freehold/service/events'
import type { ColumnType, Generated, Kysely, Selectable } from 'kysely'

/** JSON: read as data, written as text. */
type Json<T> = ColumnType<T, string, string>
/** Written by the database alone. */
type Read<T> = ColumnType<T, never, never>

interface ServicesTable {
  id: string
  strategy_version: number
  configuration_version: number
  latest_release: string | null
  registered_by: string
  registered_at: Generated<Date>
}

interface StrategyVersionsTable {
  service_id: string
  version: number
  text: string
  strategy: Json<Strategy>
  restored_from: number | null
  applied_by: string
  applied_at: Generated<Date>
}

interface ConsumptionsTable {
  consumer_id: string
  kind: 'api' | 'event'
  name: string
}

interface ConfigurationVersionsTable {
  service_id: string
  version: number
  schema: Json<ConfigurationSchema>
  file_values: Json<Record<string, JsonValue>>
  set_values: Json<Record<string, JsonValue>>
  secret_ids: Json<Record<string, string>>
  restored_from: number | null
  changed_by: string
  changed_at: Generated<Date>
}

interface SecretsTable {
  id: string
  service_id: string
  name: string
  sealed: string
  created_at: Generated<Date>
}

interface ReleasesTable {
  service_id: string
  version: string
  position: Generated<string>
  revision: string
  artefact: string
  digest: string
  contracts: Json<Release['contracts']>
  migrations: Json<Release['migrations']>
  findings: Json<ContractFinding[]>
  registered_by: string
  registered_at: Generated<Date>
}

interface ReleaseContractsTable {
  service_id: string
  version: string
  kind: 'openapi' | 'event'
  name: string
  document: Json<Record<string, unknown>>
}

interface ReleaseMigrationsTable {
  service_id: string
  migration_id: string
  checksum: string
  version: string
}

interface InstancesTable {
  service_id: string
  instance_id: string
  version: string
  address: string | null
  registered_at: Generated<Date>
  last_seen_at: Date
  expires_at: Date
}

interface ApiKeysTable {
  id: string
  prefix: string
  hash: Buffer
  kind: ApiKey['kind']
  subject: string
  roles: Json<Roles>
  note: string
  created_by: string
  created_at: Generated<Date>
  expires_at: Date | null
  revoked_at: Date | null
}

interface SigningKeysTable {
  kid: string
  x: string
  sealed: string
  published_at: Generated<Date>
  signs_from: Date
}

interface AuditEntriesTable {
  position: Read<string>
  at: Read<Date>
  recorded_by: Read<string>
  actor: string
  action: string
  service_id: string | null
  subject: string
  before: Json<JsonValue>
  after: Json<JsonValue>
  trace_id: string | null
  previous_hash: Read<Buffer>
  hash: Read<Buffer>
}

export interface Tables {
  services: ServicesTable
  strategy_versions: StrategyVersionsTable
  consumptions: ConsumptionsTable
  configuration_versions: ConfigurationVersionsTable
  secrets: SecretsTable
  releases: ReleasesTable
  release_contracts: ReleaseContractsTable
  release_migrations: ReleaseMigrationsTable
  instances: InstancesTable
  api_keys: ApiKeysTable
  signing_keys: SigningKeysTable
  audit_entries: AuditEntriesTable
  outbox: OutboxTable
}

/** The service's tables, in a transaction or outside of one. */
export type Store = Kysely<Tables>

export type ServiceRow = Selectable<ServicesTable>
export type StrategyRow = Selectable<StrategyVersionsTable>
export type ConfigurationRow = Selectable<ConfigurationVersionsTable>
export type ReleaseRow = Selectable<ReleasesTable>
export type InstanceRow = Selectable<InstancesTable>
export type ApiKeyRow = Selectable<ApiKeysTable>
export type AuditRow = Selectable<AuditEntriesTable>
