import { RunPhase, RunState } from '@freehold/contracts-migrations'
import { z } from 'zod'
import { GroupProgress } from '../operations/contract.ts'

/** What `up --json` prints once the platform is up. */
export const upDocument = z.strictObject({
  version: z.string(),
  pid: z.int(),
  folder: z.string(),
  urls: z.record(z.string(), z.string()),
  postgresPort: z.int(),
})

/** What `status --json` prints. */
export const platformStatusDocument = z.strictObject({
  /** Null where FREEHOLD_URL names the platform: then its services are all that is known of it. */
  platform: z
    .strictObject({
      version: z.string(),
      pid: z.int(),
      startedAt: z.string(),
      folder: z.string(),
      url: z.string(),
    })
    .nullable(),
  services: z.array(
    z.strictObject({
      name: z.string(),
      url: z.string(),
      isAlive: z.boolean(),
      isReady: z.boolean(),
      reasons: z.array(z.string()),
      version: z.string().nullable(),
      schemaVersion: z.string().nullable(),
      outboxEvents: z.int().nullable(),
      outboxOldestAt: z.string().nullable(),
      deadLetters: z.int().nullable(),
    }),
  ),
  groups: z.array(GroupProgress).nullable(),
})
export type PlatformStatus = z.output<typeof platformStatusDocument>

/** What `migrate status --service --json` prints on a platform. */
export const serviceStatusDocument = z.strictObject({
  service: z.string(),
  databases: z.array(
    z.strictObject({
      name: z.string(),
      schema: z.string(),
      /** The latest one. */
      run: z
        .strictObject({
          id: z.string(),
          state: RunState,
          phase: RunPhase,
          applied: z.array(z.string()),
          problem: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
          createdBy: z.string(),
          createdAt: z.string(),
          startedAt: z.string().nullable(),
          finishedAt: z.string().nullable(),
        })
        .nullable(),
    }),
  ),
})
export type ServiceStatus = z.output<typeof serviceStatusDocument>
