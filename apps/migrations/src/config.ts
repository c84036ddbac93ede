import { tmpdir } from 'node:os'
import path from 'node:path'
import { baseConfig, sealingKeys } from '@freehold/service'
import { z } from 'zod'

const number = z.coerce.number().int()

/** The settings of the migrations service. */
export const migrationsConfig = baseConfig.extend({
  // A migration set comes in one request, as JSON.
  BODY_BYTES_MAX: number
    .min(1024)
    .default(10 * 1024 * 1024)
    .describe('Largest body that a request may have'),
  SEALING_KEYS: sealingKeys.describe(
    'name:key,… with keys of 32 bytes in base64; the first seals connection URLs, all open them',
  ),
  SECRETS_FOLDER: z
    .string()
    .default('/run/secrets')
    .describe('Folder with a folder for each service, whose files file: references name'),
  SCRATCH_FOLDER: z
    .string()
    .default(path.join(tmpdir(), 'freehold-migrations'))
    .describe('Folder in which migration sets are laid out while they are worked on'),
  WORKERS: z
    .enum(['on', 'off'])
    .default('on')
    .describe('off: this instance answers requests and leaves the work to others'),
  PLAN_TIMEOUT_MS: number
    .min(1000)
    .default(300_000)
    .describe('How long the making of a plan may take before it is given up'),
  RUNS_PARALLEL: number.min(1).max(64).default(4).describe('Runs that this instance carries out at the same time'),
  LEASE_MS: number.min(500).default(10_000).describe('Silence after which a worker’s run goes to another'),
  POLL_MS: number.min(10).default(500).describe('How often a worker without work looks for some'),
  FREEHOLD_CACHE_DIR: z.string().optional().describe('Where the embedded server of rehearsals is kept'),
  FREEHOLD_SHADOW: z.string().optional().describe('server: rehearse on the database’s own server'),
  FREEHOLD_SHADOW_DATABASE_URL: z.string().optional().describe('Server to rehearse on, instead of an embedded one'),
  FREEHOLD_BRIEF_TABLE_BYTES: z.string().optional().describe('Size up to which a table may be scanned under a lock'),
})

export type MigrationsConfig = z.output<typeof migrationsConfig>
