// node tools/docker/write-env.js: makes the secrets of the composed platform and keeps them in .env, where `docker compose`
// looks for them. Those that are there stay as they are. Plain JavaScript without packages: any Node runs it.

import { randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'

const password = () => randomBytes(24).toString('base64url')
const sealingKey = () => `k1:${randomBytes(32).toString('base64')}`

/** How each secret is made, by its name in docker-compose.yml. */
const secrets = {
  POSTGRES_PASSWORD: password,
  CATALOG_PASSWORD: password,
  CATALOG_MIGRATOR_PASSWORD: password,
  MIGRATIONS_PASSWORD: password,
  MIGRATIONS_MIGRATOR_PASSWORD: password,
  CATALOG_CONFIG_KEY: sealingKey,
  MIGRATIONS_SEALING_KEYS: sealingKey,
  FREEHOLD_API_KEY: () => `fhk_${randomBytes(32).toString('base64url')}`,
}

const file = process.argv[2] ?? '.env'
if (!existsSync(file)) {
  writeFileSync(file, '', { mode: 0o600 })
}
chmodSync(file, 0o600)
const text = readFileSync(file, 'utf8')
const missing = Object.entries(secrets).filter(([name]) => !new RegExp(`^${name}=.`, 'm').test(text))
const lines = missing.map(([name, make]) => `${name}=${make()}\n`)
appendFileSync(file, (text === '' || text.endsWith('\n') ? '' : '\n') + lines.join(''))
process.stdout.write(`${file}: ${missing.length} secrets made, ${Object.keys(secrets).length - missing.length} kept\n`)
