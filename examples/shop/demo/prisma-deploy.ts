// node prisma-deploy.ts <migrations folder>: what `prisma migrate deploy` does to DATABASE_URL, with Prisma's own engine.
import { openEngine } from '../../../tools/prisma-engine/open-engine.ts'
import { databaseUrl } from '../orders/serve.ts'

const engine = await openEngine(databaseUrl())
try {
  const applied = await engine.applyMigrations(process.argv[2] ?? '')
  process.stdout.write(`${applied.length} migrations applied\n`)
} finally {
  await engine.close()
}
