import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // An empty URL is enough to generate the client.
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
})
