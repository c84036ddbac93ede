import { execFile, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
/** npx may have to fetch a Node first. */
const timeoutMs = 300_000
const root = path.resolve(import.meta.dirname, '..')

/** A project as Prisma 7 lays it out. */
const project: Record<string, string> = {
  'package.json': JSON.stringify({ name: 'shop', private: true, type: 'module' }),
  'prisma.config.ts': `import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL },
})
`,
  'prisma/schema.prisma': `datasource db {
  provider = "postgresql"
}

model Order {
  id    Int     @id @default(autoincrement())
  total Int
  note  String?

  @@index([total])
}
`,
  'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
  'prisma/migrations/20260101000000_init/migration.sql':
    'CREATE TABLE "Order" ("id" SERIAL NOT NULL, "total" INTEGER NOT NULL, CONSTRAINT "Order_pkey" PRIMARY KEY ("id"));',
}
const pending = {
  'prisma/migrations/20260102000000_index/migration.sql':
    'ALTER TABLE "Order" ADD COLUMN "note" TEXT;\nCREATE INDEX "Order_total_idx" ON "Order"("total");',
}

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
}

describe('the packed tarball', () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'freehold-pack-'))
  const folder = path.join(scratch, 'shop')
  let server: Server

  beforeAll(async () => {
    server = await startTestServer(18)
    await run('npm', ['pack', '--silent', '--pack-destination', scratch], { cwd: root })
    write(folder, project)
    const tarball = readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? 'no tarball'
    const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
    await run('npm', [...args, path.join(scratch, tarball)], { cwd: folder })
  }, timeoutMs)
  afterAll(async () => {
    await server.stop()
    rmSync(scratch, { recursive: true })
  })

  it('holds the program, its schemas and what a reader needs, and nothing else', () => {
    const packed = path.join(folder, 'node_modules/freehold')
    expect(readdirSync(packed).sort()).toEqual(['LICENSE', 'README.md', 'apps', 'package.json'])
    expect(readdirSync(path.join(packed, 'apps'))).toEqual(['cli'])
    expect(readdirSync(path.join(packed, 'apps/cli')).sort()).toEqual(['bin', 'dist', 'schemas'])
  })

  it.each(['22', '24'])('plans and deploys in a Prisma project on Node %s', { timeout: timeoutMs }, async (major) => {
    const npx = ['--yes', '--loglevel=error', `--package=node@${major}`, '--', 'node', '-p', 'process.execPath']
    const { stdout: execPath } = await run('npx', npx, { cwd: folder })
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query(`CREATE ROLE owner_${major} LOGIN`)
    await admin.query(`CREATE DATABASE shop_${major} OWNER owner_${major}`)
    await admin.end()
    const env = {
      ...process.env,
      PATH: [path.dirname(execPath.trim()), process.env['PATH']].join(path.delimiter),
      DATABASE_URL: server.url(`shop_${major}`, `owner_${major}`),
    }
    const freehold = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
      run(path.join(folder, 'node_modules/.bin/freehold'), ['migrate', ...args], { cwd: folder, env })

    rmSync(path.join(folder, 'prisma'), { recursive: true })
    write(folder, project)
    await freehold('deploy')
    write(folder, pending)
    const planned = JSON.parse((await freehold('plan', '--json')).stdout) as object
    expect(JSON.stringify(planned)).toContain('Order_total_idx')
    const deployed = await freehold('deploy', '--json')
    expect(deployed.stderr).not.toContain('ExperimentalWarning')

    const compared = await freehold('diff', '--json')
    expect(JSON.parse(compared.stdout)).toMatchObject({ outcome: 'noDifference' })
    expect(compared.stderr).not.toContain('ExperimentalWarning')

    const client = await connect({ connectionString: env.DATABASE_URL, applicationName: 'test' })
    const { rows } = await client.query(
      `SELECT count(*)::int AS finished, to_regclass('"Order_total_idx"')::text AS index
       FROM _prisma_migrations WHERE finished_at IS NOT NULL`,
    )
    await client.end()
    expect(rows).toEqual([{ finished: 2, index: '"Order_total_idx"' }])
  })

  it('brings all that a platform needs', { timeout: timeoutMs }, async () => {
    // Under root the server runs under another account, which has to get there.
    chmodSync(scratch, 0o755)
    const program = path.join(folder, 'node_modules/freehold/apps/cli/bin/freehold.js')
    const platform = spawn(process.execPath, [program, 'up', '--port', '0', '--json'], { cwd: folder })
    let said = ''
    platform.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const ended = new Promise<number | null>((resolve) => platform.once('exit', resolve))
    await new Promise((resolve, reject) => {
      platform.stdout.once('data', resolve)
      void ended.then(() => reject(new Error(said)))
    })
    const { stdout } = await run(process.execPath, [program, 'status', '--json'], { cwd: folder })
    const { services } = JSON.parse(stdout) as { services: { name: string; isReady: boolean }[] }
    expect(services.map(({ name, isReady }) => [name, isReady])).toEqual([
      ['catalog', true],
      ['migrations', true],
    ])
    platform.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})
