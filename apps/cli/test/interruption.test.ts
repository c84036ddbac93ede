import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProject, type Project } from './project.ts'

describe('a backfill that is interrupted', () => {
  let server: Server
  let project: Project
  let holder: Client
  beforeAll(async () => {
    server = await startTestServer(18)
    // Else a table of this size is filled at once.
    project = await createProject(server, { FREEHOLD_BRIEF_TABLE_BYTES: '0' })
    await project.run('deploy')
    await project.client.query('INSERT INTO orders SELECT g, NULL, g FROM generate_series(1, 20000) g')
    await project.write('2_total', 'UPDATE "orders" SET "total" = 1 WHERE "total" IS NULL;\n')
    holder = await connect({ connectionString: project.url, applicationName: 'holder' })
  })
  afterAll(async () => {
    await holder.end()
    await project.remove()
    await server.stop()
  })

  /** Starts deploy and returns when its backfill waits for a row that another session holds. */
  async function startAndHold(id: number) {
    await holder.query('BEGIN')
    await holder.query('SELECT FROM orders WHERE id = $1 FOR UPDATE', [id])
    const running = project.start('deploy')
    await running.says('backfill: 1 step')
    const waiting = `SELECT count(*)::int AS waiting FROM pg_stat_activity
      WHERE application_name = 'freehold' AND cardinality(pg_blocking_pids(pid)) > 0`
    // Each look takes the server about a millisecond.
    for (let looks = 0; looks < 20_000; looks += 1) {
      if ((await project.client.query(waiting)).rows[0].waiting > 0) {
        return running
      }
    }
    throw new Error('deploy has not come to the row that is held')
  }

  async function countFilled(): Promise<number> {
    const { rows } = await project.client.query('SELECT count(total)::int AS filled FROM orders')
    return rows[0].filled as number
  }

  it('by SIGTERM ends its batch, says to run again, and exits with 4', async () => {
    const running = await startAndHold(9999)
    running.child.kill('SIGTERM')
    await running.says('stopping')
    await holder.query('ROLLBACK')
    const finished = await running.finished
    expect(finished.exitCode).toBe(4)
    expect(finished.stderr).toContain('run the same command again')
  })

  it('by Ctrl-C twice exits with 4 at once', async () => {
    const running = await startAndHold(19999)
    running.child.kill('SIGINT')
    await running.says('stopping')
    running.child.kill('SIGINT')
    const finished = await running.finished
    expect(finished.exitCode).toBe(4)
    expect(finished.stderr).toContain('cut off')
    await holder.query('ROLLBACK')
  })

  it('ends in the same state when it is run again', async () => {
    expect((await project.start('deploy').finished).exitCode).toBe(0)
    expect(await countFilled()).toBe(20000)
    expect(await project.run('status', '--exit-code')).toMatchObject({ exitCode: 0 })
  })
})
