import path from 'node:path'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withClient } from '../../../tools/durable-server.ts'
import { openEngine } from '../../../tools/prisma-engine/open-engine.ts'
import { fillShop } from '../demo/database.ts'
import { type Release, startRelease } from '../demo/processes.ts'
import { generateClients, type Version, versionFolder } from './generate.ts'

let server: Server
let url: string

beforeAll(async () => {
  ;[server] = await Promise.all([startTestServer(18), generateClients()])
  await withClient(server.url(), async (client) => {
    await client.query('CREATE ROLE orders_owner LOGIN')
    await client.query('CREATE DATABASE shop OWNER orders_owner')
  })
  url = server.url('shop', 'orders_owner')
})

afterAll(() => server.stop())

async function deploy(version: Version): Promise<void> {
  const engine = await openEngine(url)
  try {
    await engine.applyMigrations(path.join(versionFolder(version), 'prisma', 'migrations'))
  } finally {
    await engine.close()
  }
}

async function ask(address: string, method = 'GET', body?: object): Promise<{ status: number; body: unknown }> {
  const response = await fetch(address, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return { status: response.status, body: await response.json() }
}

async function exercise(release: Release): Promise<void> {
  const lines = [{ sku: 'sku-1', quantity: 2, price: 450 }]
  const created = await ask(`${release.orders}/orders`, 'POST', { customerId: 3, currency: 'SEK', lines })
  expect(created).toMatchObject({ status: 201, body: { customerId: 3, total: 900, currency: 'SEK', lines } })
  const { id } = created.body as { id: number }
  expect(await ask(`${release.orders}/orders/${id}`)).toMatchObject({ status: 200, body: { id, status: 'open' } })
  expect(await ask(`${release.orders}/orders/${id}`, 'PATCH', { status: 'paid' })).toMatchObject({
    status: 200,
    body: { id, status: 'paid', total: 900 },
  })
  expect(await ask(`${release.orders}/customers/3/orders`)).toMatchObject({
    status: 200,
    body: expect.arrayContaining([expect.objectContaining({ id, total: 900 })]),
  })
  expect(await ask(`${release.reports}/customers/3/revenue`)).toMatchObject({
    status: 200,
    body: expect.arrayContaining([expect.objectContaining({ status: 'paid', currency: 'SEK' })]),
  })
  expect((await ask(`${release.orders}/orders/999999`)).status).toBe(404)
}

describe('the orders service', () => {
  it('serves the same answers in both versions, each on its own schema, and breaks on the schema after its own', async () => {
    await deploy(1)
    await withClient(url, (client) => fillShop(client, { customers: 10, orders: 100 }))
    const first = await startRelease(1, url)
    try {
      await exercise(first)
      await deploy(2)
      const second = await startRelease(2, url)
      try {
        await exercise(second)
        expect(await ask(`${second.orders}/orders?status=open`)).toMatchObject({
          status: 200,
          body: expect.arrayContaining([expect.objectContaining({ status: 'open', currency: 'EUR' })]),
        })
        expect((await ask(`${first.orders}/orders/1`)).status).toBe(500)
        expect((await ask(`${first.reports}/customers/3/revenue`)).status).toBe(500)
      } finally {
        await second.stop()
      }
    } finally {
      await first.stop()
    }
  })
})
