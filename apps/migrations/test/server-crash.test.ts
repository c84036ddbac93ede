import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect } from '@freehold/postgres'
import { type Server, startServer, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { differencesOf, setUpCutOff, traceOf } from './fixtures/cut-off-database.ts'
import { nameOf } from './fixtures/hand-made-plan.ts'

let shadows: Server
let server: Server
let folder: string

/** A server that is stopped at once, as by a crash, and keeps its data folder. */
async function start(port?: number): Promise<Server> {
  return await startServer({
    major: 18,
    ephemeral: true,
    authentication: 'trust',
    folder: path.join(folder, 'data'),
    settings: { synchronous_commit: 'on', full_page_writes: 'on' },
    ...(port === undefined ? {} : { port }),
  })
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'freehold-crash-'))
  // Where this runs as root, the server runs as another account.
  await chmod(folder, 0o755)
  shadows = await startTestServer(18)
  process.env['FREEHOLD_SHADOW_DATABASE_URL'] = shadows.url()
  process.env['FREEHOLD_BRIEF_TABLE_BYTES'] = '0'
  server = await start()
})

afterAll(async () => {
  await Promise.all([server.stop(), shadows.stop()])
  await rm(folder, { recursive: true, force: true })
})

it('goes on with a run after the server crashed in the middle of its steps', async () => {
  const databases = await setUpCutOff(server)
  await databases.create('uncut')
  await databases.create('crashed')
  await databases.run('uncut', 'deploy')
  for (const moment of ['stepStarted:e02', 'stepStarted:b01', 'stepStarted:c10']) {
    let stopped: Promise<void> | undefined
    const running = databases.run('crashed', 'deploy', (fact) => {
      if (nameOf(fact) === moment) {
        stopped = server.stop()
      }
    })
    await expect(running).rejects.toMatchObject({
      definition: { code: 'FHD_MIGRATE_CONNECTION_LOST', kind: 'stopped' },
    })
    await stopped
    server = await start(server.port)
  }
  await databases.run('crashed', 'deploy')
  const open = (name: string) =>
    connect({
      connectionString: server.url(name, 'owner'),
      applicationName: 'test',
      settings: { search_path: 'public' },
    })
  const [plain, uncut, crashed] = [await open('plain'), await open('uncut'), await open('crashed')]
  expect(await differencesOf(plain, crashed)).toEqual([])
  expect(await traceOf(crashed)).toEqual(await traceOf(uncut))
  await Promise.all([plain.end(), uncut.end(), crashed.end(), databases.remove()])
})
