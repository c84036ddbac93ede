// Each service of the composed platform with every other one down, and the broker too.

import { catalogEvents } from '@freehold/contracts-catalog'
import { databaseEvents } from '@freehold/contracts-migrations'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { findDocker } from '../docker/find-docker.ts'
import { skipWithout } from '../docker/skip-without.ts'
import { type ComposedPlatform, createPlatform } from './composed-platform.ts'

const found = await findDocker('postgres')
const missing = 'missing' in found ? found.missing : undefined
const patience = { timeout: 120_000, interval: 500 }

describe('a service of the composed platform', () => {
  let platform: ComposedPlatform
  beforeAll(async () => {
    if (missing === undefined) {
      platform = await createPlatform('alone')
      await platform.compose(['build'])
    }
  })
  afterAll(async () => await platform?.remove())
  beforeEach((context) => skipWithout(context, missing))

  const runningServices = async (): Promise<string[]> =>
    (await platform.compose(['ps', '--services', '--status', 'running'])).trim().split('\n').sort()

  it('catalog is ready and serves with nothing but Postgres', async () => {
    await platform.compose(['up', '--wait', 'catalog'])
    expect(await runningServices()).toEqual(['catalog', 'postgres'])
    await platform.catalog.registerService({ body: { serviceId: 'orders', text: 'migrate: { maxLockMs: 77 }\n' } })
    expect(await platform.catalog.getService({ params: { serviceId: 'orders' } })).toMatchObject({ id: 'orders' })
  })

  it('migrations is ready and serves with the catalog down and no broker', async () => {
    await platform.compose(['up', '--wait', 'migrations'])
    const register = (name: string) =>
      platform.migrations.registerDatabase({
        params: { serviceId: 'orders' },
        body: { name, connection: { url: 'postgresql://nobody:nothing@postgres:5432/nowhere' } },
      })
    await register('before')
    await platform.compose(['stop', 'catalog'])
    // A new process has nothing in memory of who signs tokens.
    await platform.compose(['up', '--wait', '--force-recreate', '--no-deps', 'migrations'])
    expect(await runningServices()).toEqual(['migrations', 'postgres'])
    await register('after')
    const { items } = await platform.migrations.listDatabases({ params: { serviceId: 'orders' }, query: {} })
    expect(items.map(({ name }) => name).sort()).toEqual(['after', 'before'])
  })

  it('has lost nothing that was accepted, when all are there', async () => {
    await platform.compose(['up', '--wait'])
    await vi.waitFor(async () => {
      const { items } = await platform.migrations.listDatabases({ params: { serviceId: 'orders' }, query: {} })
      expect(items).toMatchObject([{ maxLockMs: 77 }, { maxLockMs: 77 }])
      expect(await platform.ask('catalog', 'SELECT count(*) FROM catalog.outbox')).toEqual(['0'])
      expect(await platform.ask('migrations', 'SELECT count(*) FROM migrations.outbox')).toEqual(['0'])
    }, patience)
    expect(await platform.readTopic(catalogEvents.serviceRegistered.topic)).toMatchObject([{ key: 'orders' }])
    const { topic, type } = databaseEvents.registered
    const told = (await platform.readTopic(topic)).filter((event) => event.type === type)
    expect(told.map(({ data }) => (data as { name: string }).name).sort()).toEqual(['after', 'before'])
  })
})
