import type { LetterReplay, TopicReplay } from '@freehold/contracts-base'
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
import { listFirstLetters } from './read-letters.ts'
import { toErrorText } from './worker.ts'

/** How a replay ended; `records` counts what was applied, those that waited behind the letter included. */
export type ReplayOutcome = LetterReplay | { outcome: 'notFound' }

interface Replaying {
  db: Kysely<unknown>
  inbox: Inbox
  handlersByType: Map<string, EventHandler>
}

/**
 * Applies a dead letter, or gives it up, and then applies in order what waits behind it, up to the first that fails, or
 * until the signal. A letter that is not the first of its key waits itself, and nothing is done.
 */
export async function replayLetter(
  replaying: Replaying,
  id: string,
  how: 'apply' | 'discard',
  signal?: AbortSignal,
): Promise<ReplayOutcome> {
  const order = await findOrderOfLetter(replaying.db, replaying.inbox, id)
  if (order === undefined) {
    return { outcome: 'notFound' }
  }
  const first = await replayFirst(replaying, order, how, id)
  if (first.outcome === 'empty' || first.outcome === 'other') {
    return first.outcome === 'empty' ? { outcome: 'notFound' } : { outcome: 'waits', behindLetterId: first.letterId }
  }
  let step: Step = first
  let records = step.outcome === 'done' && how === 'apply' ? 1 : 0
  while (step.outcome === 'done') {
    if (signal?.aborted === true) {
      const next = await findFirstLetter(replaying.db, replaying.inbox, order)
      return next === undefined
        ? { outcome: 'applied', records }
        : { outcome: 'interrupted', records, letterId: next.id }
    }
    step = await replayFirst(replaying, order, 'apply')
    records += step.outcome === 'done' ? 1 : 0
  }
  return step.outcome === 'failed' ? { ...step, records } : { outcome: 'applied', records }
}

const keysMax = 100

/** Replays the first letter of each key of the topic, after the one named: of so many keys, or until the signal. */
export async function replayTopic(
  replaying: Replaying,
  topic: string,
  after: string | undefined,
  signal: AbortSignal,
): Promise<TopicReplay> {
  const first = await listFirstLetters(replaying.db, replaying.inbox, { topic, after, limit: keysMax + 1 })
  const told: TopicReplay = { records: 0, failed: [], nextCursor: null }
  for (const [index, id] of first.slice(0, keysMax).entries()) {
    const replay = await replayLetter(replaying, id, 'apply', signal)
    told.records += 'records' in replay ? replay.records : 0
    if (replay.outcome === 'failed') {
      told.failed.push({ letterId: replay.letterId, error: replay.error })
    }
    // What is left of a key that was interrupted was put aside later, and so stands behind the cursor.
    const isMore = index + 1 < first.length || replay.outcome === 'interrupted'
    told.nextCursor = isMore ? id : null
    if (signal.aborted) {
      break
    }
  }
  return told
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
