import type { Blocker, Fact } from '@freehold/migrations/engine'
import { lockModes } from '../render/locks.ts'
import { countOf, formatCount, formatDuration } from '../render/quantities.ts'
import { oneLine } from '../render/text.ts'

type FactOf<Kind extends Fact['kind']> = Extract<Fact, { kind: Kind }>

const preparing: Record<FactOf<'preparing'>['what'], string> = {
  connect: 'connecting',
  inspect: 'reading the catalog',
  rehearse: 'rehearsing on a shadow',
  plan: 'planning',
  prove: 'proving on two shadows',
}

/** Says what is being prepared. */
export function describePreparing(fact: FactOf<'preparing'>): string {
  return fact.detail === undefined ? preparing[fact.what] : `${preparing[fact.what]}: ${fact.detail}`
}

/** Says how far a step is, at what rate, and how long it will still take. */
export function describeProgress(fact: FactOf<'stepProgress'>): string {
  if (fact.what === 'lockers') {
    const total = fact.total === null ? '' : ` of ${formatCount(fact.total)}`
    return `waiting for older transactions, ${formatCount(fact.done)}${total} gone`
  }
  const parts = [
    fact.total === null
      ? countOf(fact.done, fact.what === 'rows' ? 'row' : 'block')
      : `${formatCount(fact.done)} of ${formatCount(fact.total)} ${fact.what}`,
  ]
  if (fact.total !== null && fact.total > 0) {
    parts.push(`${percentOf(fact.done, fact.total)} %`)
  }
  if (fact.perSecond !== null) {
    parts.push(`${formatCount(fact.perSecond)} ${fact.what}/s`)
  }
  if (fact.remainingMs !== null) {
    parts.push(`${formatDuration(fact.remainingMs)} left`)
  }
  return parts.join(', ')
}

/** Returns the whole percentage, 99 at most until all is done. */
export function percentOf(done: number, total: number): number {
  return done >= total ? 100 : Math.min(Math.floor((done / total) * 100), 99)
}

/** Says what a step waits for, and who is in the way. */
export function describeWaiting(fact: FactOf<'waiting'>): string {
  const mode = fact.mode === null ? 'a lock' : lockModes[fact.mode].name
  const relation = fact.relation === null ? '' : ` on ${fact.relation}`
  const tries = fact.attempts > 1 ? `, ${fact.attempts} tries` : ''
  const blockers = fact.blockers.map(describeBlocker)
  const way = blockers.length === 0 ? '' : `; in the way: ${blockers.join('; ')}`
  return `waiting ${formatDuration(fact.waitedMs)} for ${mode}${relation}${tries}${way}`
}

/** Names a session: its process, application, user, the age of its transaction and its statement. */
export function describeBlocker(blocker: Blocker): string {
  const who = blocker.pid === null ? 'a prepared transaction' : `pid ${blocker.pid}`
  const application = blocker.application === '' ? '' : ` ${oneLine(blocker.application, 40)}`
  const query = blocker.query === null ? '' : `: ${oneLine(blocker.query, 80)}`
  return `${who}${application} (${blocker.user}, ${blocker.state} for ${formatDuration(blocker.ageMs)})${query}`
}

/** Says how a step ended: time taken, rows, and what its locks cost others. */
export function describeFinished(fact: FactOf<'stepFinished'>): string {
  const parts = [`done in ${formatDuration(fact.durationMs)}`]
  if (fact.rows !== null) {
    parts.push(countOf(fact.rows, 'row'))
    if (fact.durationMs >= 2000) {
      parts.push(`${formatCount((fact.rows * 1000) / fact.durationMs)} rows/s`)
    }
  }
  if (fact.heldMs > 0 || fact.waitedMs > 0) {
    parts.push(`waited ${formatDuration(fact.waitedMs)} for its locks, held them ${formatDuration(fact.heldMs)}`)
  }
  return parts.join(', ')
}

/** Says that a step failed and the run is being taken back. */
export function describeTakingBack(fact: FactOf<'takingBack'>): string {
  const state = fact.sqlstate === null ? '' : ` (SQLSTATE ${fact.sqlstate})`
  return `${fact.stepId} failed${state}: ${fact.message}; taking the run back`
}
