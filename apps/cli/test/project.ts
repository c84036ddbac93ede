import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, connect, quoteIdentifier } from '@freehold/postgres'
import type { Server } from '@freehold/postgres/embedded'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { runProgram } from '../src/program.ts'
import { collect } from '../src/testing/fake-surroundings.ts'

const program = fileURLToPath(new URL('../bin/freehold.js', import.meta.url))
const schemas = new URL('../schemas/', import.meta.url)

export interface Finished {
  exitCode: number | null
  stdout: string
  stderr: string
}

/** A run of the program that is still under way. */
export interface Running {
  child: ChildProcess
  /** Resolves when standard error holds the text. */
  says(text: string): Promise<void>
  finished: Promise<Finished>
}

/** A project with a database of its own, whose owner is no superuser. */
export interface Project {
  folder: string
  url: string
  client: Client
  write(migrationId: string, sql: string): Promise<void>
  run(...args: string[]): Promise<Finished>
  /** Runs the command with --json and checks its document against the schema. */
  runJson(schema: string, ...args: string[]): Promise<{ exitCode: number | null; document: Record<string, unknown> }>
  start(...args: string[]): Running
  remove(): Promise<void>
}

let projects = 0

/** Makes a project on the server, with one migration that makes a table `orders`. */
export async function createProject(
  server: Pick<Server, 'url'>,
  env: Record<string, string> = {},
  tablespace = 'pg_default',
): Promise<Project> {
  projects += 1
  const name = `project_${projects}`
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query(`CREATE ROLE ${quoteIdentifier(name)} LOGIN`)
  await admin.query(
    `CREATE DATABASE ${quoteIdentifier(name)} OWNER ${quoteIdentifier(name)} TABLESPACE ${quoteIdentifier(tablespace)}`,
  )
  await admin.end()
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-cli-'))
  const url = server.url(name, name)
  const client = await connect({ connectionString: url, applicationName: 'test' })
  const run = (...args: string[]) => runInProcess(args, folder, url)
  const write = async (migrationId: string, sql: string) => {
    await mkdir(path.join(folder, 'prisma/migrations', migrationId), { recursive: true })
    await writeFile(path.join(folder, 'prisma/migrations', migrationId, 'migration.sql'), sql)
  }
  await write('1_orders', 'CREATE TABLE "orders" ("id" bigint PRIMARY KEY, "total" int, "note" text);\n')
  await writeFile(path.join(folder, 'prisma/migrations/migration_lock.toml'), 'provider = "postgresql"\n')
  return {
    folder,
    url,
    client,
    write,
    run,
    start: (...args) => startProgram(args, folder, { ...env, DATABASE_URL: url }),
    async runJson(schema, ...args) {
      const { exitCode, stdout } = await run(...args, '--json')
      return { exitCode, document: validated(schema, stdout) }
    },
    async remove() {
      await client.end()
      await rm(folder, { recursive: true })
    },
  }
}

function validated(file: string, text: string): Record<string, unknown> {
  const document = JSON.parse(text) as Record<string, unknown>
  const fits = new Ajv2020({ allErrors: true }).compile(JSON.parse(readFileSync(new URL(file, schemas), 'utf8')))
  if (!fits(document)) {
    throw new Error(`the document does not fit ${file}: ${JSON.stringify(fits.errors)}\n${text}`)
  }
  return document
}

/** Runs the command line with the real engine in this process, which saves the start of a process each time. */
async function runInProcess(args: string[], folder: string, url: string): Promise<Finished> {
  const stdout = collect()
  const stderr = collect()
  const exitCode = await runProgram(['migrate', ...args], {
    loadEngine: () => import('@freehold/migrations/engine'),
    stdout,
    stderr,
    env: { DATABASE_URL: url },
    folder,
    confirm: null,
    askSecret: null,
    readInput: () => Promise.resolve(''),
    now: () => performance.now(),
    onInterrupt: () => () => {},
    exitNow: () => {},
  })
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

/** Starts the program as a user's shell does. */
export function startProgram(args: string[], folder: string, env: Record<string, string>): Running {
  const { DIRECT_URL: _direct, DATABASE_URL: _database, ...inherited } = process.env
  const child = spawn(process.execPath, [program, 'migrate', ...args], { cwd: folder, env: { ...inherited, ...env } })
  const said = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString()
    for (const listener of listeners) {
      listener()
    }
  })
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, ...said }))
  })
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const listener = () => {
        if (said.stderr.includes(text)) {
          resolve()
        }
      }
      listeners.add(listener)
      listener()
      void finished.then(() => reject(new Error(`it ended without saying ${text}: ${said.stderr}`)))
    })
  return { child, says, finished }
}
