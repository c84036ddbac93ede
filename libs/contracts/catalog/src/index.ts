export { EventType, SemanticVersion, ServiceId, SettingName } from './identifiers.ts'
export { ConfigurationSchema, SettingSchema, settingFormats, ValueSchema } from './setting-schema.ts'
export {
  EventCompatibility,
  MigrationWindow,
  reservedSections,
  Strategy,
  StrategyFile,
  strategyFileSchema,
  toStrategy,
} from './strategy.ts'
