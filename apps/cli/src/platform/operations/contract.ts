// What the platform's own process answers: how its parts and their events are. Services know nothing of it.

import { defineRoute } from '@freehold/contracts-base'
import { z } from 'zod'

const Time = z.iso.datetime()

/** How far a service is with its schema and its events. */
export const ServiceProgress = z.object({
  name: z.string(),
  /** The last of its migrations that its schema has. */
  schemaVersion: z.string().nullable(),
  /** Events that are committed and not in the log yet. */
  outboxEvents: z.int(),
  outboxOldestAt: Time.nullable(),
  deadLetters: z.int(),
})

/** How far a group of consumers is behind the log. */
export const GroupProgress = z.object({ group: z.string(), topic: z.string(), lagEvents: z.int() })

/** How the platform is. */
export const Progress = z.object({ services: z.array(ServiceProgress), groups: z.array(GroupProgress) })
export type Progress = z.output<typeof Progress>

/** An event as the log has it. */
export const LoggedEvent = z.object({
  id: z.uuid(),
  type: z.string(),
  topic: z.string(),
  key: z.string(),
  source: z.string(),
  time: Time,
  traceparent: z.string().nullable(),
  data: z.unknown(),
})
export type LoggedEvent = z.output<typeof LoggedEvent>

const limit = z.int().min(1).max(1000).default(20)

export const platformRoutes = {
  getProgress: defineRoute({
    method: 'GET',
    path: '/v1/progress',
    summary: 'Tells how far services are with their schemas and events',
    access: { role: 'viewer' },
    response: { 200: Progress },
    problems: [],
  }),
  listEvents: defineRoute({
    method: 'GET',
    path: '/v1/events',
    summary: 'Lists the latest events of the log, the latest last',
    access: { role: 'viewer' },
    query: z.object({
      limit,
      type: z.string().max(200).optional().describe('Types that begin so'),
      key: z.string().max(300).optional(),
    }),
    response: { 200: z.object({ items: z.array(LoggedEvent) }) },
    problems: [],
  }),
}

/** What every service tells its operators, as routes of a client. */
export const operatorRoutes = {
  getHealth: defineRoute({
    method: 'GET',
    path: '/health',
    summary: 'Tells that it lives',
    access: 'public',
    response: { 200: z.object({ name: z.string(), version: z.string(), instance: z.string() }) },
    problems: [],
  }),
  getReady: defineRoute({
    method: 'GET',
    path: '/ready',
    summary: 'Tells whether it can serve',
    access: 'public',
    response: { 200: z.object({ checks: z.array(z.string()) }) },
    problems: [],
  }),
}
