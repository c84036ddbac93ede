// node deploy.ts <migrations folder>: what `prisma migrate deploy` does to DATABASE_URL, with Prisma's own engine.
import { openEngine } from './open-engine.ts'

const [folder] = process.argv.slice(2)
const databaseUrl = process.env['DATABASE_URL']
if (folder === undefined || databaseUrl === undefined) {
  throw new Error('usage: DATABASE_URL=… node deploy.ts <migrations folder>')
}
const engine = await openEngine(databaseUrl)
try {
  const applied = await engine.applyMigrations(folder)
  process.stdout.write(`${applied.length} migrations applied\n`)
} finally {
  await engine.close()
}
// The engine leaves the timer of its advisory lock running, which would hold this process up for ten seconds.
process.exit()
