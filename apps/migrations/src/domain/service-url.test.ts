import { parseDatabaseUrl } from '@freehold/postgres'
import { describe, expect, it } from 'vitest'
import { toServiceUrl, UrlRefused } from './service-url.ts'

const base = 'postgresql://us%40er:p%2Fw@db.example:6543/shop'

describe('toServiceUrl', () => {
  it.each([
    '?sslmode=verify-full&sslcert=/etc/passwd',
    '?sslrootcert=/etc/passwd',
    '?sslkey=/a',
    '?sslidentity=/a',
    '?sslpassword=secret',
    '?SSLCERT=/a',
    '?passfile=/a',
    '?service=secret',
    '?host=/run/postgresql',
    '?host=%2Frun',
    '?host=',
  ])('refuses the parameters %s, and repeats no value', (parameters) => {
    expect(() => toServiceUrl(base + parameters)).toThrow(UrlRefused)
    expect(() => toServiceUrl(base + parameters)).not.toThrow(/secret|passwd|run|us%40er|p%2Fw/)
  })

  it.each([
    'postgresql://%2Frun%2Fpostgresql/shop',
    'postgresql:///shop',
    'postgresql://db.example/shop',
    'mysql://h/d',
    'not a URL',
  ])('refuses %s', (url) => {
    expect(() => toServiceUrl(url)).toThrow(UrlRefused)
  })

  it.each([
    ['', 10],
    ['?connect_timeout=0', 30],
    ['?connect_timeout=Infinity', 30],
    ['?connect_timeout=x', 30],
    ['?connect_timeout=-1', 30],
    ['?connect_timeout=0.001', 1],
    ['?connect_timeout=3', 3],
    ['?connect_timeout=3&connect_timeout=0', 3],
    ['?connect_timeout=900', 30],
  ])('bounds %s to %i s', (parameters, seconds) => {
    const { url } = toServiceUrl(base + parameters)
    expect(parseDatabaseUrl(url).config.connectionTimeoutMillis).toBe(seconds * 1000)
  })

  it('keeps everything else', () => {
    const { url } = toServiceUrl(`${base}?schema=my%20shop&sslmode=verify-full&options=-c%20a%3Db&host=other`)
    const { config: _, ...parsed } = parseDatabaseUrl(url)
    expect(parsed).toMatchObject({ schema: 'my shop', host: 'other', port: 6543, database: 'shop', user: 'us@er' })
    expect(parseDatabaseUrl(url).config).toMatchObject({
      options: '-c a=b',
      password: 'p/w',
      ssl: { rejectUnauthorized: true },
    })
  })
})
