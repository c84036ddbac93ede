// Configuration: settings in the environment, read once, before anything starts.

import { randomBytes } from 'node:crypto'
import { parseDatabaseUrl } from '@freehold/postgres'
import { z } from 'zod'
import { bodyBytesMax, drainTimeoutMs, eventLoopLagMaxMs, requestTimeoutMs } from './limits.ts'

const url = (...protocols: string[]): z.ZodType<string, string> =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    error: `is no URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  })

const databaseUrl = z.string().superRefine((value, context) => {
  try {
    parseDatabaseUrl(value)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
  }
})

const brokers = z.string().regex(/^kafka(?:\+ssl)?:\/\/[^\s,/:]+:\d+(?:,[^\s,/:]+:\d+)*$/)

/** Returns the schema of a setting that is a whole number, not below `min`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: 'is not a whole number' })
    .transform(Number)
    .pipe(
      z
        .number()
        .min(min, { error: `is below ${min}` })
        .max(max, { error: `is above ${max}` }),
    )
}

/** The settings that every service has. A service adds its own with `baseConfig.extend`. */
export const baseConfig = z.object({
  HOST: z.string().default('127.0.0.1').describe('Address to listen on'),
  PORT: wholeNumber(0, 65_535).default(8080).describe('Port to listen on; 0 takes a free one'),
  DATABASE_URL: databaseUrl.describe('The service’s own schema, with the role that may read and write its rows'),
  SERVICE_VERSION: z.string().min(1).default('0.1.0').describe('Version of the release that runs'),
  INSTANCE: z
    .string()
    .regex(/^[\w.-]{1,32}$/, { error: 'is not 1 to 32 letters, digits, dots, dashes and underscores' })
    .default(() => randomBytes(3).toString('hex'))
    .describe('Name of this instance; made up without it'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  EVENTS_URL: z
    .union([databaseUrl, brokers], {
      error: 'is neither postgresql://… nor kafka://host:port,host:port nor kafka+ssl://…',
    })
    .describe('Where events go'),
  KAFKA_TLS_CA: z.string().optional().describe('File with the certificates that sign the brokers’, for kafka+ssl://'),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('How the brokers are told who this is'),
  KAFKA_USERNAME: z.string().min(1).optional().describe('The name for that'),
  KAFKA_PASSWORD_FILE: z.string().optional().describe('File with the password for that'),
  CATALOG_URL: url('http:', 'https:').describe('Where the service that signs tokens is'),
  JWKS_URL: url('http:', 'https:').optional().describe('Where its public keys are, if elsewhere'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http:', 'https:')
    .optional()
    .describe('Where traces and metrics go by OTLP over HTTP'),
  BODY_BYTES_MAX: wholeNumber(1024).default(bodyBytesMax).describe('Largest body that a request may have'),
  REQUEST_TIMEOUT_MS: wholeNumber(1).default(requestTimeoutMs).describe('How long an answer may take'),
  EVENT_LOOP_LAG_MAX_MS: wholeNumber(0)
    .default(eventLoopLagMaxMs)
    .describe('Event-loop lag from which requests are shed; 0 sheds none'),
  DRAIN_DELAY_MS: wholeNumber(0).default(0).describe('How long new connections are still taken after SIGTERM'),
  DRAIN_TIMEOUT_MS: wholeNumber(0).default(drainTimeoutMs).describe('How long requests in flight may take after that'),
})

export type BaseConfig = z.output<typeof baseConfig>

/** The settings do not fit; the message names each of them, and repeats no value. */
export class ConfigError extends Error {
  readonly faults: readonly string[]
  constructor(faults: string[]) {
    super(`the configuration is not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/**
 * Returns the settings that the schema describes, frozen. An empty value counts as not given.
 * Throws a ConfigError that names each setting that is missing, invalid, misspelt, or begins with FREEHOLD_ and is unknown.
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): z.output<S> {
  const given = new Map(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const known = Object.keys(schema.shape)
  const result = schema.safeParse(
    Object.fromEntries(known.filter((name) => given.has(name)).map((name) => [name, given.get(name)])),
  )
  const faults = new Map<string, string>()
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '')
    faults.set(name, given.has(name) ? `${name} ${wordsOf(issue)}` : `${name} is missing`)
  }
  for (const name of given.keys()) {
    const near = known.includes(name)
      ? undefined
      : findNear(
          name,
          known.filter((setting) => !given.has(setting)),
        )
    if (near !== undefined) {
      faults.set(name, `${name} is unknown; did you mean ${near}?`)
    } else if (name.startsWith('FREEHOLD_') && !known.includes(name)) {
      faults.set(name, `${name} is unknown`)
    }
  }
  if (!result.success || faults.size > 0) {
    throw new ConfigError([...faults.values()].sort())
  }
  return Object.freeze(result.data) as z.output<S>
}

function wordsOf(issue: z.core.$ZodIssue): string {
  const isOwnWord = /^(?:is |the )/.test(issue.message)
  return isOwnWord ? issue.message.replace(/^the database URL /, '') : `is not valid: ${issue.message}`
}

/** Returns the setting that a name is one or two slips of the hand away from. */
function findNear(name: string, settings: string[]): string | undefined {
  // Of short names too many are near each other that mean something else: HOST and POST.
  return settings.find((setting) => setting.length >= 6 && distanceOf(name, setting) <= (setting.length >= 8 ? 2 : 1))
}

/** Returns how many letters have to be added, left out, changed or swapped with their neighbour. */
function distanceOf(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) {
    return 3
  }
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : changed
      row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, changed, swapped))
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
