/** Reads a folder that drizzle-kit writes: numbered SQL files, in the order of its journal. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Migration } from '../parse/statement.ts'
import { Problem, problems } from '../problem.ts'
import { readSqlFile } from './read-files.ts'
import type { Reader } from './reader.ts'

const journalFile = 'meta/_journal.json'

const journalSchema = z.object({
  dialect: z.string(),
  entries: z.array(z.object({ when: z.int(), tag: z.string().regex(/^[^/\\]+$/) })),
})

/** Reads what drizzle-kit 0 writes. */
export const drizzleReader: Reader = {
  tool: 'Drizzle',

  recognise({ all }) {
    return all.includes(journalFile) ? journalFile : undefined
  },

  async read({ folder, files }) {
    const journal = await readJournal(path.join(folder, journalFile))
    const tags = new Set(journal.entries.map(({ tag }) => `${tag}.sql`))
    const strangers = files.filter((file) => file.endsWith('.sql') && !tags.has(file))
    return {
      format: 'drizzle',
      migrations: journal.entries.map((entry) => readMigration(folder, entry)),
      warnings: strangers.map((file) => `${file} is passed over: ${journalFile} does not name it`),
      checkPending() {},
    }
  },
}

async function readJournal(file: string): Promise<z.infer<typeof journalSchema>> {
  const text = await readFile(file, 'utf8')
  const parsed = journalSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new Problem(problems.folderNotMigrations, `${file} is not a journal as drizzle-kit writes it`, {
      lines: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
      hint: 'run drizzle-kit check',
    })
  }
  const { dialect } = parsed.data
  if (dialect !== 'postgresql' && dialect !== 'pg') {
    throw new Problem(problems.providerNotPostgres, `${file} says that these migrations are for ${dialect}`)
  }
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What is not JSON fits no schema, which is then reported.
    return undefined
  }
}

function readMigration(folder: string, { tag, when }: { tag: string; when: number }): Migration {
  const id = `${tag}.sql`
  const { sql, checksum } = readSqlFile(path.join(folder, id), id)
  // Drizzle takes the hash of the text that it has read, and cuts it at its breakpoints, which are comments to Postgres.
  const hash = createHash('sha256').update(sql).digest('hex')
  return { id, checksum, sql, entry: { table: 'drizzle', hash, when } }
}
