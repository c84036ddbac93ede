import { describe, expect, it } from 'vitest'
import { parseDatabaseUrl } from './connect.ts'

describe('parseDatabaseUrl', () => {
  it('takes the parts apart and undoes their escapes', () => {
    const parsed = parseDatabaseUrl('postgresql://us%40er:p%2Fw%3A@db.example:6543/my%20shop?schema=Orders')
    expect(parsed).toMatchObject({
      host: 'db.example',
      port: 6543,
      database: 'my shop',
      user: 'us@er',
      schema: 'Orders',
    })
    expect(parsed.config.password).toBe('p/w:')
  })

  it('has the defaults that Prisma has', () => {
    const parsed = parseDatabaseUrl('postgres://localhost/shop')
    expect(parsed).toMatchObject({ host: 'localhost', port: 5432, schema: 'public', pgbouncer: false })
    expect(parsed.config).toMatchObject({ ssl: false, connectionTimeoutMillis: 5000 })
    expect(parsed.config).not.toHaveProperty('user')
  })

  it('reads Prisma’s parameters', () => {
    const parsed = parseDatabaseUrl(
      'postgresql://a@[::1]/shop?pgbouncer=true&connect_timeout=0&options=-c%20search_path%3Dx&sslmode=require',
    )
    expect(parsed).toMatchObject({ host: '::1', pgbouncer: true })
    expect(parsed.config).toMatchObject({
      connectionTimeoutMillis: 0,
      options: '-c search_path=x',
      ssl: { rejectUnauthorized: false },
    })
    expect(parseDatabaseUrl('postgresql://a@localhost/shop?host=/run/postgresql').host).toBe('/run/postgresql')
  })

  it.each([
    ['verify-full', true],
    ['verify-ca', true],
    ['require', false],
    ['no-verify', false],
  ])('checks the server’s certificate as sslmode=%s says', (mode, rejectUnauthorized) => {
    const { config } = parseDatabaseUrl(`postgresql://a@h/d?sslmode=${mode}`)
    expect(config.ssl).toMatchObject({ rejectUnauthorized })
  })

  it.each([
    ['not a url', /not a URL/],
    ['mysql://a:secret@h/d', /mysql:/],
    ['postgresql://a:secret@h', /names no database/],
    ['postgresql://a:secret@h/d?sslmode=on', /sslmode=on/],
    ['postgresql://a:secret@h:port/d', /not a URL/],
  ])('refuses %s and does not repeat the password', (url, message) => {
    expect(() => parseDatabaseUrl(url)).toThrow(message)
    expect(() => parseDatabaseUrl(url)).not.toThrow(/secret/)
  })
})
