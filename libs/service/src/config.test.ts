import { readFileSync } from 'node:fs'
import { baseProblems } from '@freehold/contracts-base'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { baseConfig, ConfigError, loadConfig } from './config.ts'

const sound = {
  DATABASE_URL: 'postgresql://shop:s3cret@localhost/shop',
  EVENTS_URL: 'kafka://a:9092,b:9092',
  CATALOG_URL: 'http://catalog:8080',
}
const faultsOf = (env: Record<string, string | undefined>, schema: z.ZodObject = baseConfig): readonly string[] => {
  try {
    loadConfig(schema, env)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as Error).message).not.toContain('s3cret')
    return (error as ConfigError).faults
  }
}

describe('loadConfig', () => {
  it('gives the settings with their defaults, frozen, and leaves out what is not its own', () => {
    const config = loadConfig(baseConfig, { ...sound, PORT: '0', JWKS_URL: '', PATH: '/bin', HOSTNAME: 'box' })
    expect(config).toMatchObject({ ...sound, HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'info', BODY_BYTES_MAX: 1_048_576 })
    expect(config.INSTANCE).toMatch(/^[0-9a-f]{6}$/)
    expect(config).not.toHaveProperty('JWKS_URL')
    expect(config).not.toHaveProperty('PATH')
    expect(Object.isFrozen(config)).toBe(true)
  })

  it('names every fault at once', () => {
    const env = {
      PORT: '99999',
      DATABASE_URL: 'mysql://a:s3cret@h/d',
      EVENT_URL: 'x',
      FREEHOLD_NONE: '1',
      LOG_LEVEL: 'loud',
    }
    const faults = faultsOf(env)
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'CATALOG_URL',
      'DATABASE_URL',
      'EVENTS_URL',
      'EVENT_URL',
      'FREEHOLD_NONE',
      'LOG_LEVEL',
      'PORT',
    ])
    expect(faults).toContain('CATALOG_URL is missing')
    expect(faults).toContain('EVENT_URL is unknown; did you mean EVENTS_URL?')
    expect(faults).toContain('FREEHOLD_NONE is unknown')
    expect(faults).toContain('DATABASE_URL starts with mysql://, not with postgresql://')
  })

  it.each([
    ['PORT', ''],
    ['PORT', 'http'],
    ['PORT', '1.5'],
    ['PORT', '-1'],
    ['PORT', '1e3x'],
    ['PORT', ' '],
    ['PORT', '0x50'],
    ['INSTANCE', 'a b'],
    ['DATABASE_URL', 'postgresql://a:s3cret@h'],
    ['DATABASE_URL', 's3cret'],
    ['EVENTS_URL', 'kafka://s3cret'],
    ['EVENTS_URL', 'redis://s3cret'],
    ['CATALOG_URL', 'catalog:8080'],
    ['JWKS_URL', 'file:///etc/s3cret'],
    ['DRAIN_DELAY_MS', 'ten'],
  ])('refuses %s=%j', (name, value) => {
    expect(faultsOf({ ...sound, [name]: value })).toHaveLength(value === '' ? 0 : 1)
  })

  it.each([
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASEURL', 'DATABASE_URL'],
    ['LOG_LEVLE', 'LOG_LEVEL'],
    ['OTEL_EXPORTER_OTLP_ENDPOIN', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  ])('asks of %s whether %s is meant', (name, meant) => {
    const { [meant]: _, ...rest } = sound as Record<string, string>
    expect(faultsOf({ ...rest, [name]: 'x' })).toContain(`${name} is unknown; did you mean ${meant}?`)
  })

  it('takes a service’s own settings with those of every service', () => {
    const schema = baseConfig.extend({ WORKERS: z.coerce.number().int().default(2), FREEHOLD_MODE: z.string() })
    expect(loadConfig(schema, { ...sound, FREEHOLD_MODE: 'x' })).toMatchObject({ WORKERS: 2, FREEHOLD_MODE: 'x' })
    expect(faultsOf(sound, schema)).toEqual(['FREEHOLD_MODE is missing'])
  })
})

describe('docs/reference/service.md', () => {
  const page = readFileSync(new URL('../../../docs/reference/service.md', import.meta.url), 'utf8')

  it('lists each setting with its default', () => {
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \|.*$/gm)].filter(([row]) => !row.includes('| `FHD_'))
    expect(rows.map((row) => row[1])).toEqual(Object.keys(baseConfig.shape))
    const defaults = loadConfig(baseConfig, sound) as Record<string, unknown>
    const wrong = rows.filter(([, name = '', text = '']) => /^`\w/.test(text) && text !== `\`${defaults[name]}\``)
    expect(wrong).toEqual([])
  })

  it('lists each problem of every service with its status', () => {
    for (const { code, status } of Object.values(baseProblems)) {
      expect(page).toContain(`| \`${code}\` | ${status} |`)
    }
  })
})
