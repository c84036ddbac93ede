import { loadConfig, type RunningService, startService } from '@freehold/service'
import { buildApp } from './app.ts'
import { migrationsConfig } from './config.ts'

/** Starts the migrations service with the settings of the environment. Throws a ConfigError that names what is wrong in it. */
export async function start(env: Readonly<Record<string, string | undefined>>): Promise<RunningService> {
  const config = loadConfig(migrationsConfig, env)
  return await startService(await buildApp({ config, env }), config)
}
