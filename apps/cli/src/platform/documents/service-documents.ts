import { DeadLetter } from '@freehold/contracts-base'
import { AuditEntry, AuditVerification, Change, Configuration, VersionEntry } from '@freehold/contracts-catalog'
import { z } from 'zod'
import { LoggedEvent } from '../operations/contract.ts'

/** What `init --json` prints. */
export const initDocument = z.strictObject({ file: z.string(), schema: z.string() })

/** What `service add --json` prints. */
export const serviceAddedDocument = z.strictObject({
  serviceId: z.string(),
  /** False where the platform knew it already. */
  isNew: z.boolean(),
  strategyVersion: z.int(),
  /** Null where the folder names no version, or lies in no git repository. */
  release: z.strictObject({ version: z.string(), contracts: z.int() }).nullable(),
  migrationSet: z.strictObject({ id: z.string(), migrations: z.int() }).nullable(),
  database: z
    .strictObject({
      id: z.string(),
      name: z.string(),
      /** Null where a reference is followed. */
      address: z.string().nullable(),
    })
    .nullable(),
})
export type ServiceAdded = z.output<typeof serviceAddedDocument>

/** What `apply --json` prints. */
export const appliedDocument = z.strictObject({
  serviceId: z.string(),
  outcome: z.enum(['applied', 'unchanged', 'dryRun']),
  /** The version that holds now. */
  version: z.int(),
  changes: z.array(Change),
})
export type Applied = z.output<typeof appliedDocument>

/** What `events --json` prints. */
export const eventsDocument = z.strictObject({ events: z.array(LoggedEvent) })

/** What `events dead-letters --json` prints. */
export const deadLettersDocument = z.strictObject({
  deadLetters: z.array(
    z.strictObject({
      ...DeadLetter.shape,
      /** Whose consumer could not apply it. */
      service: z.string(),
      /** What the event says; only of one that was asked for by its id. */
      data: z.unknown().optional(),
    }),
  ),
})

/** What `events replay --json` prints. */
export const replayedDocument = z.strictObject({
  /** Events that were applied, those that waited behind the letters included. */
  records: z.int(),
  /** Letters that are still there, and why. */
  failed: z.array(z.strictObject({ service: z.string(), letterId: z.string(), reason: z.string() })),
})
export type Replayed = z.output<typeof replayedDocument>

/** What `config get`, `set` and `rollback` print with --json. */
export const configurationDocument = Configuration
/** What `config history --json` prints. */
export const configurationHistoryDocument = z.strictObject({ versions: z.array(VersionEntry) })

/** What `audit --json` prints. */
export const auditDocument = z.strictObject({ entries: z.array(AuditEntry) })
/** What `audit --verify --json` prints. */
export const auditVerificationDocument = AuditVerification
