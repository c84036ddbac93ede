import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Problem } from '@freehold/migrations/problem'
import { cliProblems } from '../../cli-problems.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { PlatformCommand } from '../platform-command.ts'
import { platformProblems } from '../platform-problems.ts'
import { strategyFileName } from '../read-service-folder.ts'
import { schemasFolder } from '../resources.ts'

/** Writes a freehold.yaml in which everything is explained and nothing is set. */
export const runInit: PlatformCommand = async ({ surroundings, paint }, _options, [given = '.']) => {
  const folder = path.resolve(surroundings.folder, given)
  const file = path.join(folder, strategyFileName)
  const schemaFile = fileURLToPath(new URL('freehold-yaml.json', schemasFolder))
  const relative = path.relative(folder, schemaFile).split(path.sep).join('/')
  const schema = relative.startsWith('.') ? relative : `./${relative}`
  try {
    await writeFile(file, render(schema), { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new Problem(platformProblems.fileExists, `${file} is there already`, {}, error)
    }
    const reason = error instanceof Error ? error.message : String(error)
    throw new Problem(cliProblems.fileNotWritten, `${file} cannot be written: ${reason}`, {}, error)
  }
  const text = `${paint.green(`${file} is written.`)} freehold service add ${given} makes the service known.\n`
  return { document: { file, schema }, text, exitCode: exitCodes.done }
}

function render(schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# The strategies of this service. Every key has a default, so that an empty file is valid as well.

# name: orders              # that of the folder if not given
# version: 1.0.0            # with it, service add registers a release

# migrate:
#   path: prisma/migrations
#   approval: destructive   # destructive: a person approves what destroys something; always: every plan
#   maxLockMs: 100          # the longest that a caller of the database waits for a step
#   windows:                # when migrations may begin; at any time if there is none
#     - { weekdays: [sat, sun], from: '22:00', to: '04:00', zone: Europe/Berlin }
#   driftIntervalMs: 3600000

# config:
#   schema:                 # JSON Schema of each setting; secret: true keeps its value encrypted
#     requestsMax: { type: integer, minimum: 1, default: 100 }
#     smtpPassword: { type: string, secret: true }
#   values:
#     requestsMax: 200

# api:
#   contract: openapi.json  # OpenAPI 3.0 or 3.1; a release that breaks its callers is refused
#   consumes: [customers]

# events:
#   contracts:
#     shop.orders.order.placed.v1: events/order-placed.json
#   compatibility: full
#   consumes: [shop.customers.customer.moved.v1]
`
}
