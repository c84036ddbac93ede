import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { connect } from '../connect.ts'
import { type Server, startServer, startTestServer } from './start-server.ts'

async function ask(url: string, sql: string): Promise<unknown> {
  const client = await connect({ connectionString: url, applicationName: 'test' })
  try {
    return (await client.query(sql)).rows[0]
  } finally {
    await client.end()
  }
}

const script = `
import { startTestServer } from ${JSON.stringify(path.join(import.meta.dirname, 'start-server.ts'))}
const server = await startTestServer(18)
process.stdout.write(JSON.stringify({ url: server.url(), folder: server.folder }) + '\\n')
`

describe('startServer', () => {
  it('stops the server and removes its folder when the process that started it is killed', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))
      child.once('exit', () => reject(new Error('the process ended before its server was up')))
    })
    const { url, folder } = JSON.parse(line) as { url: string; folder: string }
    expect(await ask(url, 'SELECT 1 AS one')).toEqual({ one: 1 })
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(existsSync(path.dirname(folder))).toBe(false), { timeout: 50_000, interval: 50 })
    await expect(ask(url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/)
  })

  it('lets nobody in with a password that only the environment of the process has', async () => {
    const server = await startServer({ major: 18, ephemeral: true })
    const url = new URL(server.url())
    vi.stubEnv('PGPASSWORD', url.password)
    vi.stubEnv('PGUSER', 'postgres')
    url.password = ''
    await expect(ask(url.href, 'SELECT 1')).rejects.toThrow(/password/)
    url.username = ''
    await expect(ask(url.href, 'SELECT 1')).rejects.toThrow(/password/)
    vi.unstubAllEnvs()
    await server.stop()
  })

  it('leaves nothing behind when it is stopped', async () => {
    const server = await startTestServer(18)
    expect(existsSync(server.folder)).toBe(true)
    await server.stop()
    expect(existsSync(path.dirname(server.folder))).toBe(false)
  })

  it('wants the password of the superuser, unless it is for tests', async () => {
    const server = await startServer({ major: 18, ephemeral: true })
    try {
      const url = new URL(server.url())
      expect(await ask(url.href, 'SELECT current_user AS name')).toEqual({ name: 'postgres' })
      url.password = 'wrong'
      await expect(ask(url.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
    } finally {
      await server.stop()
    }
  })

  it('refuses a port that another program holds, instead of taking that program for its server', async () => {
    const other = createServer((socket) => socket.destroy())
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
    })
    await expect(startServer({ major: 18, ephemeral: true, port })).rejects.toThrow(/another program took the port/)
    other.close()
    const first: Server = await startTestServer(18)
    const second = startServer({ major: 18, ephemeral: true, authentication: 'trust', port: first.port })
    await expect(second).rejects.toThrow(/took the port/)
    await first.stop()
  })
})
