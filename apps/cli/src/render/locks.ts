import type { PlannedStatement } from '@freehold/migrations/engine'
import { countOf, formatBytes, formatDuration } from './quantities.ts'

// Shorter than anybody notices, and than such an estimate can be told from nothing.
const briefMs = 10

type PlainLock = PlannedStatement['plainLocks'][number]
type LockMode = PlainLock['mode']

/** Lock modes as the manual writes them, and who waits for each while a normal application runs. */
export const lockModes: Record<LockMode, { name: string; waiting: 'nobody' | 'writes' | 'all' }> = {
  AccessShareLock: { name: 'ACCESS SHARE', waiting: 'nobody' },
  RowShareLock: { name: 'ROW SHARE', waiting: 'nobody' },
  RowExclusiveLock: { name: 'ROW EXCLUSIVE', waiting: 'nobody' },
  ShareUpdateExclusiveLock: { name: 'SHARE UPDATE EXCLUSIVE', waiting: 'nobody' },
  ShareLock: { name: 'SHARE', waiting: 'writes' },
  ShareRowExclusiveLock: { name: 'SHARE ROW EXCLUSIVE', waiting: 'writes' },
  ExclusiveLock: { name: 'EXCLUSIVE', waiting: 'writes' },
  AccessExclusiveLock: { name: 'ACCESS EXCLUSIVE', waiting: 'all' },
}

/** Returns the relation's name, without the schema where it is the one the command works in. */
export function nameOf(relation: { schema: string; name: string }, schema: string): string {
  return relation.schema === schema ? relation.name : `${relation.schema}.${relation.name}`
}

/** Says in words what the statement would do to those who use the database, run as it is written. */
export function describePlain(statement: PlannedStatement, schema: string): string {
  return [...describeWaiting(statement, schema), ...describeReading(statement, schema)].join('; ')
}

function describeWaiting(statement: PlannedStatement, schema: string): string[] {
  const strong = statement.plainLocks.filter((lock) => lockModes[lock.mode].waiting !== 'nobody')
  if (strong.length > 0) {
    const all = strong.some((lock) => lockModes[lock.mode].waiting === 'all')
    const waiting = `${all ? 'reads and writes wait' : 'writes wait'} for ${about(statement.plainHoldMs)}`
    return [strong.map((lock) => describeLock(lock, schema)).join(', '), waiting]
  }
  const written = statement.plainLocks.filter((lock) => lock.mode === 'RowExclusiveLock')
  if (written.length > 0 && statement.plainHoldMs >= briefMs) {
    const locks = written.map((lock) => describeLock(lock, schema)).join(', ')
    return [locks, `writes of the same rows wait for ${about(statement.plainHoldMs)}`]
  }
  const rows = statement.mechanism === 'batched' ? '; holds the rows it writes until it ends' : ''
  return [`stops neither reads nor writes${rows}`]
}

function describeReading(statement: PlannedStatement, schema: string): string[] {
  const bare = (name: string) => (name.startsWith(`${schema}.`) ? name.slice(schema.length + 1) : name)
  const rewrites = statement.rewrites.map(bare)
  const scans = statement.scans.map(bare).filter((name) => !rewrites.includes(name))
  return [
    ...(rewrites.length === 0 ? [] : [`rewrites ${rewrites.join(', ')}`]),
    ...(scans.length === 0 ? [] : [`reads all of ${scans.join(', ')}`]),
  ]
}

function describeLock(lock: PlainLock, schema: string): string {
  return `${lockModes[lock.mode].name} on ${nameOf(lock, schema)} (${countOf(lock.rows, 'row')}, ${formatBytes(lock.bytes)})`
}

function about(durationMs: number): string {
  return durationMs < briefMs ? 'a few ms' : `about ${formatDuration(durationMs)}`
}
