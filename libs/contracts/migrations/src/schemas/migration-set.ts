import { Time } from '@freehold/contracts-base'
import { z } from 'zod'
import { ServiceName } from './common.ts'

/** Bounds of an upload; a larger history is squashed, larger rows are loaded from elsewhere. */
export const migrationsMax = 5000
export const migrationSetBytesMax = 8 * 1024 * 1024

// Its name becomes a folder's, in which nothing may lead elsewhere.
const MigrationId = z
  .string()
  .min(1)
  .max(200)
  .regex(/^(?!\.{1,2}$)[^/\\\p{Cc}\p{Cs}]+$/u)
  .refine((id) => new TextEncoder().encode(id).length <= 255, 'is longer than 255 bytes')

export const MigrationFile = z
  .strictObject({
    id: MigrationId,
    /** The whole of migration.sql, byte order mark included. */
    sql: z.string().regex(/^[^\0]*$/),
    /** SHA-256 of the file in hexadecimal, as Prisma has it. */
    checksum: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .meta({ id: 'MigrationFile' })
export type MigrationFile = z.infer<typeof MigrationFile>

/** A Prisma migrations folder by content. */
export const MigrationSetUpload = z.strictObject({ migrations: z.array(MigrationFile).min(1).max(migrationsMax) })

export const MigrationSet = z
  .object({
    id: z.uuid(),
    service: ServiceName,
    /** SHA-256 over names and checksums in order; the same content is kept once. */
    contentHash: z.string(),
    bytes: z.number(),
    migrations: z.array(z.object({ id: z.string(), checksum: z.string() })),
    createdBy: z.string(),
    createdAt: Time,
  })
  .meta({ id: 'MigrationSet' })
export type MigrationSet = z.infer<typeof MigrationSet>
