// Run by a container that holds the superuser's password, before each start: makes what Freehold's services need on a
// Postgres server of their own, and changes nothing that is there but passwords.

import { ConfigError, loadConfig } from '@freehold/service'
import { z } from 'zod'
import { migratorOf, ownServices } from './platform/up/own-services.ts'
import { prepareServices } from './platform/up/prepare-databases.ts'

const password = z.string().min(16)
const roles = ownServices.flatMap((service) => [service, migratorOf(service)])
const settingOf = (role: string): string => `${role.toUpperCase()}_PASSWORD`

const settings = z.object({
  POSTGRES_URL: z.url({ protocol: /^postgres(?:ql)?$/ }).describe('A database of the server, as its superuser'),
  ...Object.fromEntries(roles.map((role) => [settingOf(role), password.describe(`Of the role ${role}`)])),
})

try {
  const { POSTGRES_URL: url, ...passwords } = loadConfig(settings, process.env) as Record<string, string>
  const adminUrlOf = (database: string): string => new URL(`/${database}`, url).href
  await prepareServices({
    adminUrlOf,
    passwords: Object.fromEntries(roles.map((role) => [role, passwords[settingOf(role)] ?? ''])),
    guests: [],
  })
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error)
  process.exitCode = 1
}
