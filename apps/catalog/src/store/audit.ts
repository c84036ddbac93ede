import type { AuditEntry, AuditVerification, JsonValue } from '@freehold/contracts-catalog'
import { currentTraceparent, type PageRequest, parseNumberCursor, toPage } from '@freehold/service'
import { sql } from 'kysely'
import type { z } from 'zod'
import type { AuditRow, Store } from './schema.ts'

/** A change to be recorded; neither side may hold a secret. */
export interface AuditRecord {
  actor: string
  /** What was done, as `strategy.applied`. */
  action: string
  serviceId?: string
  /** What it was done to, as `services/orders/strategy`. */
  subject: string
  before?: unknown
  after?: unknown
}

/**
 * Adds to the audit log, in the transaction of the change. Call it last: the log is one chain, and whoever adds to it
 * holds up all others until the commit.
 */
export async function recordAudit(trx: Store, record: AuditRecord): Promise<void> {
  await trx
    .insertInto('audit_entries')
    .values({
      actor: record.actor,
      action: record.action,
      service_id: record.serviceId ?? null,
      subject: record.subject,
      before: JSON.stringify(record.before ?? null),
      after: JSON.stringify(record.after ?? null),
      // 00-<trace id>-<span id>-<flags>, by W3C Trace Context.
      trace_id: currentTraceparent()?.split('-')[1] ?? null,
    })
    .execute()
}

/** Lists entries, newest first. */
export async function listAuditEntries(
  store: Store,
  filter: { serviceId?: string | undefined; actor?: string | undefined; action?: string | undefined },
  page: PageRequest,
) {
  const before = parseNumberCursor(page.cursor)
  let query = store
    .selectFrom('audit_entries')
    .selectAll()
    .orderBy('position', 'desc')
    .limit(page.limit + 1)
  for (const [column, value] of [
    ['service_id', filter.serviceId],
    ['actor', filter.actor],
    ['action', filter.action],
  ] as const) {
    if (value !== undefined) {
      query = query.where(column, '=', value)
    }
  }
  if (before !== undefined) {
    query = query.where('position', '<', String(before))
  }
  return toPage(await query.execute(), page.limit, ({ position }) => position, toAuditEntry)
}

function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    position: Number(row.position),
    at: row.at.toISOString(),
    actor: row.actor,
    action: row.action,
    serviceId: row.service_id,
    subject: row.subject,
    before: row.before as JsonValue,
    after: row.after as JsonValue,
    traceId: row.trace_id,
    hash: row.hash.toString('hex'),
  }
}

type Verification = z.output<typeof AuditVerification>

/** Hashed well within the time that a statement has. */
const rangeEntriesDefault = 10_000

/** Checks the whole chain, one range after the other; what is added meanwhile is checked as well. */
export async function verifyAuditLog(store: Store, rangeEntries = rangeEntriesDefault): Promise<Verification> {
  let entries = 0
  let brokenAt: number | null = null
  for (let after = '0'; ; ) {
    const { rows } = await sql<{ entries: string; last_position: string; broken_at: string | null; head: Buffer }>`
      SELECT entries, last_position, broken_at, head
      FROM catalog.verify_audit_range(${after}::bigint, ${rangeEntries}::integer)`.execute(store)
    const [range] = rows
    if (range === undefined) {
      throw new Error('catalog.verify_audit_range() returned no row')
    }
    entries += Number(range.entries)
    if (range.broken_at !== null) {
      brokenAt ??= Number(range.broken_at)
    }
    if (Number(range.entries) < rangeEntries) {
      return { intact: brokenAt === null, entries, brokenAt, head: range.head.toString('hex') }
    }
    after = range.last_position
  }
}

/** Returns what checks the chain; who asks while a check is under way gets the result of that one. */
export function createAuditVerifier(store: Store, verify = verifyAuditLog): () => Promise<Verification> {
  let running: Promise<Verification> | undefined
  return () => {
    running ??= verify(store).finally(() => {
      running = undefined
    })
    return running
  }
}
