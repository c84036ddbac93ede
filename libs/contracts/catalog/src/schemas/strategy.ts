// freehold.yaml: the strategies of one service. Every section has a default, so that an empty file is valid.

import { z } from 'zod'
import { EventType, Json, SemanticVersion, ServiceId, SettingName } from './identifiers.ts'
import { ConfigurationSchema } from './setting-schema.ts'

/** Sections that this version does not carry out, and who will: they may stand in the file, and must be empty. */
export const reservedSections: Readonly<Record<string, string>> = {
  deploy: 'rollouts',
  scale: 'rollouts',
  database: 'databases',
  network: 'gateway',
  observe: 'insights',
  security: 'gateway',
  resilience: 'gateway',
  balance: 'gateway',
  'api.versions': 'gateway',
  replicate: 'sync',
  backup: 'databases',
  tune: 'insights',
}

const Reserved = z.strictObject({}).nullable().optional().describe('Not carried out by this version: leave it empty')

const ClockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 22:30')

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** Hours of the week in which migrations may begin. `to` before `from` reaches into the next day. */
export const MigrationWindow = z.strictObject({
  weekdays: z
    .array(z.enum(weekdays))
    .min(1)
    .max(7)
    .optional()
    .describe('Days on which the window opens; every day if not given'),
  from: ClockTime,
  to: ClockTime,
  zone: z
    .string()
    .refine(isTimeZone, 'a name of the IANA time zone database')
    .optional()
    .describe('IANA name such as Europe/Berlin; UTC if not given'),
})

const RelativePath = z
  .string()
  .max(300)
  .regex(/^(?!\/|[A-Za-z]:)[^\0\\]+$/, 'a path relative to freehold.yaml, with forward slashes')
  .refine((path) => !path.split('/').includes('..'), 'a path below the folder of freehold.yaml')

const MigrateSection = z.strictObject({
  path: RelativePath.optional().describe('Folder of the migrations; prisma/migrations if not given'),
  approval: z
    .enum(['destructive', 'always'])
    .optional()
    .describe('Which plans a person has to approve: those that destroy something, if not given'),
  maxLockMs: z
    .int()
    .min(1)
    .max(60_000)
    .optional()
    .describe('Longest time that a caller of the database waits for a step; 100 if not given'),
  windows: z.array(MigrationWindow).max(20).optional().describe('When migrations may begin; at any time if not given'),
  driftIntervalMs: z
    .int()
    .min(1000)
    .max(2_000_000_000)
    .optional()
    .describe('How often the live schema is compared with the migrations; 3600000 if not given'),
})

const ConfigSection = z.strictObject({
  schema: ConfigurationSchema.optional().describe('The settings, as JSON Schema'),
  values: z.record(SettingName, Json).optional().describe('Values of settings that are not secret'),
})

const ApiSection = z.strictObject({
  contract: RelativePath.optional().describe('OpenAPI document of the service'),
  consumes: z.array(ServiceId).max(500).optional().describe('Services whose API this service calls'),
  versions: Reserved,
})

/** How a new schema of an event has to get on with the earlier one. */
export const EventCompatibility = z.enum([
  'none',
  'backward',
  'backwardTransitive',
  'forward',
  'forwardTransitive',
  'full',
  'fullTransitive',
])

const EventsSection = z.strictObject({
  contracts: z
    .record(EventType, RelativePath)
    .optional()
    .describe('JSON Schema of the data of each event that the service publishes, by its type'),
  compatibility: EventCompatibility.optional().describe('full if not given'),
  consumes: z.array(EventType).max(500).optional().describe('Types of the events that this service handles'),
})

/** The file as it is written. */
export const StrategyFile = z.strictObject({
  name: ServiceId.optional().describe('Name of the service; that of its folder if not given'),
  version: SemanticVersion.optional().describe('Version of the service that the folder holds'),
  migrate: MigrateSection.nullable().optional(),
  config: ConfigSection.nullable().optional(),
  api: ApiSection.nullable().optional(),
  events: EventsSection.nullable().optional(),
  deploy: Reserved,
  scale: Reserved,
  database: Reserved,
  network: Reserved,
  observe: Reserved,
  security: Reserved,
  resilience: Reserved,
  balance: Reserved,
  replicate: Reserved,
  backup: Reserved,
  tune: Reserved,
})
export type StrategyFile = z.output<typeof StrategyFile>

/** The strategies of a service with every default filled in. */
export const Strategy = z
  .object({
    migrate: z.object({
      path: z.string(),
      approval: z.enum(['destructive', 'always']),
      maxLockMs: z.int(),
      windows: z.array(
        z.object({
          weekdays: z.array(z.enum(weekdays)),
          from: z.string(),
          to: z.string(),
          zone: z.string(),
        }),
      ),
      driftIntervalMs: z.int(),
    }),
    config: z.object({ schema: ConfigurationSchema, values: z.record(z.string(), Json) }),
    api: z.object({ contract: z.string().nullable(), consumes: z.array(z.string()) }),
    events: z.object({
      contracts: z.record(z.string(), z.string()),
      compatibility: EventCompatibility,
      consumes: z.array(z.string()),
    }),
  })
  .meta({ id: 'Strategy' })
export type Strategy = z.output<typeof Strategy>

/** Returns the strategies that the file asks for, with the default of everything that it leaves out. */
export function toStrategy(file: StrategyFile): Strategy {
  const { migrate, config, api, events } = file
  return {
    migrate: {
      path: migrate?.path ?? 'prisma/migrations',
      approval: migrate?.approval ?? 'destructive',
      maxLockMs: migrate?.maxLockMs ?? 100,
      windows: (migrate?.windows ?? []).map(({ weekdays: days, from, to, zone }) => ({
        weekdays: days ?? [...weekdays],
        from,
        to,
        zone: zone ?? 'UTC',
      })),
      driftIntervalMs: migrate?.driftIntervalMs ?? 3_600_000,
    },
    config: { schema: config?.schema ?? {}, values: config?.values ?? {} },
    api: { contract: api?.contract ?? null, consumes: api?.consumes ?? [] },
    events: {
      contracts: events?.contracts ?? {},
      compatibility: events?.compatibility ?? 'full',
      consumes: events?.consumes ?? [],
    },
  }
}

/** Returns the JSON Schema of freehold.yaml, by which editors complete and check it. */
export function strategyFileSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(StrategyFile, { target: 'draft-7', io: 'input' })
  return { ...schema, title: 'freehold.yaml', description: 'The strategies of one service.' }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    // It throws a RangeError for a name that it does not know, and that is the only way to ask.
    return false
  }
}
