import { type RunningService, startService } from '@freehold/service'
import { type AppOptions, buildApp } from './app.ts'
import type { MigrationsConfig } from './config.ts'

export { type MigrationsConfig, migrationsConfig } from './config.ts'

/** What a process with several services shares among them; `env` is where `env:` references are looked up. */
export type StartDependencies = Partial<Pick<AppOptions, 'env' | 'logger' | 'transport'>>

/** Starts the migrations service and its workers: it serves as soon as its database answers, whatever else is down. */
export async function start(config: MigrationsConfig, deps: StartDependencies = {}): Promise<RunningService> {
  const app = await buildApp({ env: process.env, ...deps, config })
  try {
    return await startService(app, config)
  } catch (error) {
    await app.close()
    throw error
  }
}
