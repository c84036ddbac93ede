export { createCatalogClient } from './client.ts'
export { catalogErrors } from './errors.ts'
export { catalogEvents } from './events.ts'
export { catalogRoutes } from './routes.ts'
export { AuditEntry, AuditVerification } from './schemas/audit.ts'
export { Configuration, ConfigurationValues, Setting } from './schemas/configuration.ts'
export { EventType, Json, type JsonValue, SemanticVersion, ServiceId, SettingName } from './schemas/identifiers.ts'
export { ApiKey, ApiKeyRequest, KeyKind, Roles } from './schemas/identity.ts'
export { Instance, InstanceReport } from './schemas/instance.ts'
export {
  Contract,
  ContractFinding,
  ContractKind,
  MigrationChecksum,
  Release,
  ReleaseRegistration,
} from './schemas/release.ts'
export { Change, Consumption, FileFault, Service, StrategyVersion, VersionEntry } from './schemas/service.ts'
export { ConfigurationSchema, SettingSchema, settingFormats, ValueSchema } from './schemas/setting-schema.ts'
export {
  EventCompatibility,
  MigrationWindow,
  reservedSections,
  Strategy,
  StrategyFile,
  strategyFileSchema,
  toStrategy,
} from './schemas/strategy.ts'
