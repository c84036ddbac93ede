import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseSealingKeys } from '@freehold/service'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveConnection } from './resolve-connection.ts'

let secretsFolder = ''
const url = 'postgresql://a:b@db.example/d'
const env = { ORDERS_DATABASE_URL: url, ORDERS_DATABASE_URL_EU: url, ORDERS_EU_DATABASE_URL: url, DATABASE_URL: url }

beforeAll(async () => {
  secretsFolder = await mkdtemp(path.join(tmpdir(), 'freehold-secrets-'))
  for (const service of ['orders', 'orders-eu']) {
    await mkdir(path.join(secretsFolder, service))
    await writeFile(path.join(secretsFolder, service, 'url'), `${url}\n`)
  }
  await writeFile(path.join(secretsFolder, 'url'), url)
})

afterAll(async () => await rm(secretsFolder, { recursive: true }))

function follow(service: string, reference: string): Promise<string> {
  const sources = {
    keys: parseSealingKeys(`k:${Buffer.alloc(32).toString('base64')}`),
    env: { ...env, FREEHOLD_SHADOW_DATABASE_URL: url },
    secretsFolder,
  }
  return resolveConnection(sources, { id: 'one', service, url_sealed: null, url_reference: reference })
}

describe('resolveConnection', () => {
  it.each([
    ['orders', 'env:ORDERS_DATABASE_URL'],
    ['orders', 'env:ORDERS_DATABASE_URL_EU'],
    ['orders-eu', 'env:ORDERS_EU_DATABASE_URL'],
    ['orders', 'file:orders/url'],
  ])('follows for %s its own %s', async (service, reference) => {
    expect(await follow(service, reference)).toContain('postgresql://a:b@db.example/d')
  })

  it.each([
    ['orders', 'env:ORDERS_EU_DATABASE_URL'],
    ['orders-eu', 'env:ORDERS_DATABASE_URL_EU'],
    ['order', 'env:ORDERS_DATABASE_URL'],
    ['orders', 'env:DATABASE_URL'],
    ['freehold-shadow', 'env:FREEHOLD_SHADOW_DATABASE_URL'],
    ['orders', 'file:orders-eu/url'],
    ['orders', 'file:url'],
    ['orders', 'file:orders/../orders-eu/url'],
    ['orders', 'file:orders/..'],
  ])('does not follow for %s, even when it stands in the table, %s', async (service, reference) => {
    await expect(follow(service, reference)).rejects.toThrow(/not of the service/)
  })
})
