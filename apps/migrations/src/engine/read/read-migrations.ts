/** The one reader of migrations: recognises by what a folder holds which tool wrote it. */
import { stat } from 'node:fs/promises'
import { Problem, problems } from '../problem.ts'
import { drizzleReader } from './read-drizzle.ts'
import { listFolder } from './read-files.ts'
import { flywayReader } from './read-flyway.ts'
import { lockFile, prismaReader } from './read-prisma.ts'
import { readSingleFile, sqlFilesReader } from './read-sql-files.ts'
import type { Listing, MigrationSource, Reader } from './reader.ts'

const readers: readonly Reader[] = [prismaReader, drizzleReader, flywayReader]

/** Returns the migrations of a folder, or the one that a file is. Throws a Problem for what no reader understands. */
export async function readMigrations(place: string): Promise<MigrationSource> {
  if (place.endsWith('.sql') && (await isFile(place))) {
    return readSingleFile(place)
  }
  const listing = await listFolder(place)
  refuseUnknown(listing)
  return await findReader(listing).read(listing)
}

/** Returns the migrations of a Prisma folder, for the platform, which keeps its sets of migrations in that form alone. */
export async function readMigrationsFolder(folder: string): Promise<MigrationSource['migrations']> {
  const { format, migrations } = await readMigrations(folder)
  if (format !== 'prisma') {
    throw new Problem(problems.folderNotMigrations, `${folder} is no Prisma folder, and a platform takes no other`, {
      hint: 'give --database-url to run these migrations without a platform',
    })
  }
  return migrations
}

function findReader(listing: Listing): Reader {
  const found = readers.flatMap((reader) => {
    const seen = reader.recognise(listing)
    return seen === undefined ? [] : [{ reader, seen }]
  })
  const [first, second] = found
  if (first !== undefined && second !== undefined) {
    const what = found.map(({ reader, seen }) => `${seen} as ${reader.tool} has it`).join(' and ')
    throw new Problem(problems.folderNotMigrations, `${listing.folder} holds ${what}`, {
      hint: 'keep the migrations of each tool in a folder of their own',
    })
  }
  if (first !== undefined) {
    return first.reader
  }
  if (sqlFilesReader.recognise(listing) !== undefined) {
    return sqlFilesReader
  }
  if (listing.folders.length > 0) {
    // A folder of folders is Prisma's; its reader names the first that has lost its file.
    return prismaReader
  }
  const seen = listing.files.length === 0 ? 'it is empty' : `it holds ${listing.files.slice(0, 3).join(', ')}`
  throw new Problem(problems.folderNotMigrations, `${listing.folder} holds no migration: ${seen}`)
}

/** Names what is known and not read, so that nobody has to guess why. */
function refuseUnknown({ folder, files, all }: Listing): void {
  if (files.includes(lockFile)) {
    return
  }
  const has = (file: string, other: string): string | undefined =>
    all.find((one) => one.endsWith(`/${file}`) && all.includes(one.replace(/[^/]+$/, other)))
  const operations = has('ops.json', 'migration.json')
  if (operations !== undefined) {
    throw new Problem(
      problems.folderNotMigrations,
      `${folder} holds ${operations}, which Prisma 8 writes: its operations are no SQL files, and Freehold does not read them`,
    )
  }
  const snapshot = has('snapshot.json', 'migration.sql')
  if (snapshot !== undefined) {
    throw new Problem(
      problems.folderNotMigrations,
      `${folder} holds ${snapshot}, which drizzle-kit 1 writes: Freehold reads the folders of drizzle-kit 0`,
    )
  }
}

async function isFile(place: string): Promise<boolean> {
  return await stat(place).then(
    (found) => found.isFile(),
    () => false,
  )
}
