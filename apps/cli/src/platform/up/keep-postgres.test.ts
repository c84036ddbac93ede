import { describe, expect, it } from 'vitest'
import { keepPostgres } from './keep-postgres.ts'

/** A server that ends when the test says so. */
function createServers() {
  const ends: (() => void)[] = []
  const ports: (number | undefined)[] = []
  return {
    ports,
    endLatest: () => ends.at(-1)?.(),
    async start(port?: number) {
      ports.push(port)
      const { promise: ended, resolve } = Promise.withResolvers<void>()
      ends.push(resolve)
      return {
        major: 18 as const,
        port: 5432,
        folder: '/nowhere',
        url: () => '',
        ended,
        stop: async () => resolve(),
      }
    },
  }
}

describe('keepPostgres', () => {
  it('starts a server that ended by itself again on its port, and one that was stopped not', async () => {
    const servers = createServers()
    const said: string[] = []
    const kept = await keepPostgres({ start: servers.start, say: (text) => said.push(text) })
    servers.endLatest()
    await expect.poll(() => said).toContain('PostgreSQL runs again')
    await kept.stop()
    expect(servers.ports).toEqual([undefined, 5432])
  })

  it('gives up when the server ends again and again', async () => {
    const servers = createServers()
    const kept = await keepPostgres({
      start: servers.start,
      say: (text) => (text.includes('runs again') ? servers.endLatest() : undefined),
      restarts: { max: 3, withinMs: 60_000 },
    })
    servers.endLatest()
    await expect(kept.lost).rejects.toMatchObject({ definition: { code: 'FHD_PLATFORM_POSTGRES_LOST' } })
    expect(servers.ports).toHaveLength(4)
    await kept.stop()
  })
})
