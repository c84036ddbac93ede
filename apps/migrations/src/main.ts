import { ConfigError, closeOnSignals, loadConfig } from '@freehold/service'
import { migrationsConfig, start } from './start.ts'

try {
  closeOnSignals(await start(loadConfig(migrationsConfig, process.env)))
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exit(1)
}
