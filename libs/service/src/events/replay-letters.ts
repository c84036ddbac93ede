import type { Kysely } from 'kysely'
import { applyRecord, isTransient } from './apply-records.ts'
import type { EventHandler } from './event-handler.ts'
import {
  findFirstLetter,
  findOrderOfLetter,
  type Inbox,
  lockOrder,
  noteFailure,
  orderOf,
  removeLetter,
} from './inbox.ts'
import { toErrorText } from './worker.ts'

/** How a replay ended; `records` counts what was applied, those that waited behind the letter included. */
export type ReplayOutcome =
  | { outcome: 'applied'; records: number }
  | { outcome: 'failed'; records: number; letterId: string; error: string }
  | { outcome: 'waits'; behindLetterId: string }
  | { outcome: 'notFound' }

interface Replaying {
  db: Kysely<unknown>
  inbox: Inbox
  handlersByType: Map<string, EventHandler>
}

/**
 * Applies a dead letter, or gives it up, and then applies in order what waits behind it, up to the first that fails. A
 * letter that is not the first of its key waits itself, and nothing is done.
 */
export async function replayLetter(replaying: Replaying, id: string, how: 'apply' | 'discard'): Promise<ReplayOutcome> {
  const order = await findOrderOfLetter(replaying.db, replaying.inbox, id)
  if (order === undefined) {
    return { outcome: 'notFound' }
  }
  const first = await replayFirst(replaying, order, how, id)
  if (first.outcome === 'empty' || first.outcome === 'other') {
    return first.outcome === 'empty' ? { outcome: 'notFound' } : { outcome: 'waits', behindLetterId: first.letterId }
  }
  let records = 0
  let step: Step = first
  while (step.outcome === 'done') {
    step = await replayFirst(replaying, order, 'apply')
    records += step.outcome === 'done' ? 1 : 0
  }
  records += how === 'apply' && first.outcome === 'done' ? 1 : 0
  return step.outcome === 'failed' ? { ...step, records } : { outcome: 'applied', records }
}

type Step =
  | { outcome: 'done' }
  | { outcome: 'empty' }
  | { outcome: 'other'; letterId: string }
  | { outcome: 'failed'; letterId: string; error: string }

/** Deals with the first letter of the order in a transaction of its own, if it is the expected one. */
async function replayFirst(
  { db, inbox, handlersByType }: Replaying,
  order: { topic: string; key: string },
  how: 'apply' | 'discard',
  expectedId?: string,
): Promise<Step> {
  let letterId = ''
  try {
    return await db.transaction().execute(async (trx): Promise<Step> => {
      await lockOrder(trx, inbox, orderOf(order))
      const letter = await findFirstLetter(trx, inbox, order)
      if (letter === undefined) {
        return { outcome: 'empty' }
      }
      if (expectedId !== undefined && letter.id !== expectedId) {
        return { outcome: 'other', letterId: letter.id }
      }
      letterId = letter.id
      if (how === 'apply') {
        await applyRecord(handlersByType, trx, letter.record)
      }
      await removeLetter(trx, inbox, letter.id)
      return { outcome: 'done' }
    })
  } catch (cause) {
    if (letterId === '' || isTransient(cause)) {
      throw cause
    }
    const error = toErrorText(cause)
    await noteFailure(db, inbox, letterId, error)
    return { outcome: 'failed', letterId, error }
  }
}
