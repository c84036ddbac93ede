// Events that a service could not apply, alike for every service that consumes any. They are of the platform and not of
// one user's service: an event may tell of several.

import { z } from 'zod'
import { pageOf, pageQuery, Time } from './page.ts'
import type { ProblemDefinition } from './problems.ts'
import { defineRoute } from './route.ts'

/** An event that was put aside because its handler failed, or because it waits behind such a one of its key. */
export const DeadLetter = z
  .object({
    letterId: z.uuid(),
    /** Of the event; the same wherever it is delivered. */
    id: z.uuid(),
    /** The consumer group that could not apply it. */
    group: z.string(),
    type: z.string(),
    topic: z.string(),
    key: z.string(),
    source: z.string(),
    time: Time,
    traceparent: z.string().nullable(),
    attempts: z.int().describe('0 where it only waits behind an earlier letter of its key'),
    error: z.string().nullable().describe('Why the last attempt failed, at most 2,000 characters of it'),
    putAsideAt: Time,
  })
  .meta({ id: 'DeadLetter' })
export type DeadLetter = z.output<typeof DeadLetter>

/** A dead letter with what the event says. */
export const WholeDeadLetter = DeadLetter.extend({ data: z.unknown() }).meta({ id: 'WholeDeadLetter' })
export type WholeDeadLetter = z.output<typeof WholeDeadLetter>

const records = z.int().describe('Events that were applied')

/** How the replay of a letter ended. */
export const LetterReplay = z
  .discriminatedUnion('outcome', [
    z.object({ outcome: z.literal('applied'), records }),
    /** `letterId` could not be applied, itself or one that waited behind it. */
    z.object({ outcome: z.literal('failed'), records, letterId: z.uuid(), error: z.string() }),
    /** Another letter of the key is first, and nothing was done. */
    z.object({ outcome: z.literal('waits'), behindLetterId: z.uuid() }),
    /** The time was over; replay `letterId` to go on. */
    z.object({ outcome: z.literal('interrupted'), records, letterId: z.uuid() }),
  ])
  .meta({ id: 'LetterReplay' })
export type LetterReplay = z.output<typeof LetterReplay>

/** How the replay of a topic went: up to so many of its keys, or as far as the time was enough. */
export const TopicReplay = z
  .object({
    records,
    failed: z.array(z.object({ letterId: z.uuid(), error: z.string() })),
    nextCursor: z.uuid().nullable().describe('Where the replay goes on; null when every key had its turn'),
  })
  .meta({ id: 'TopicReplay' })
export type TopicReplay = z.output<typeof TopicReplay>

/** What goes wrong with dead letters. */
export const deadLetterProblems = {
  letterNotFound: {
    code: 'FHD_EVENTS_LETTER_NOT_FOUND',
    status: 404,
    title: 'There is no such dead letter.',
    hint: 'it may have been applied meanwhile; GET /v1/dead-letters lists those that are there',
  },
} as const satisfies Record<string, ProblemDefinition>

const letters = '/v1/dead-letters'
const letterParams = z.object({ letterId: z.uuid() })
const viewer = { role: 'viewer' } as const
const operator = { role: 'operator' } as const

/** The routes of every service that consumes events. */
export const deadLetterRoutes = {
  listDeadLetters: defineRoute({
    method: 'GET',
    path: letters,
    summary: 'Lists the events that the service could not apply, the oldest first, without their data',
    access: viewer,
    query: z.object({
      ...pageQuery,
      type: z.string().max(200).optional().describe('Types that begin so'),
      key: z.string().max(1024).optional(),
    }),
    response: { 200: pageOf(DeadLetter) },
    problems: [],
  }),
  getDeadLetter: defineRoute({
    method: 'GET',
    path: `${letters}/:letterId`,
    summary: 'Reads one of them with its data',
    access: viewer,
    params: letterParams,
    response: { 200: WholeDeadLetter },
    problems: [deadLetterProblems.letterNotFound],
  }),
  replayDeadLetter: defineRoute({
    method: 'POST',
    path: `${letters}/:letterId/replay`,
    summary: 'Applies one of them again, and then in order what waits behind it, up to the first that fails',
    access: operator,
    params: letterParams,
    response: { 200: LetterReplay },
    problems: [deadLetterProblems.letterNotFound],
  }),
  replayDeadLetters: defineRoute({
    method: 'POST',
    // Not below the letters, where it would be taken for one.
    path: '/v1/dead-letter-replays',
    summary: 'Applies those of a topic again, key by key; called again with nextCursor it goes on',
    access: operator,
    body: z.strictObject({
      topic: z.string().min(1).max(200),
      cursor: z.uuid().optional().describe('nextCursor of the call before'),
    }),
    response: { 200: TopicReplay },
    problems: [],
  }),
}
