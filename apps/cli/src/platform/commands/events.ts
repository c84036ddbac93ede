import { Problem } from '@freehold/migrations/problem'
import { exitCodes } from '../../exit-codes.ts'
import { oneLine, printable } from '../../render/text.ts'
import { getPlatform } from '../find-platform.ts'
import type { PlatformCommand, PlatformCommandOptions } from '../platform-command.ts'
import { platformProblems } from '../platform-problems.ts'

interface EventsOptions extends PlatformCommandOptions {
  limit: number
  type?: string
  key?: string
}

/** Shows the latest events of the log. */
export const runEvents: PlatformCommand<EventsOptions> = async ({ surroundings, paint, width }, options) => {
  const { own } = await getPlatform(options, surroundings)
  if (own === undefined) {
    throw new Problem(platformProblems.notOwn, 'the events of a platform elsewhere are in its broker')
  }
  const { limit, type, key } = options
  const query = { limit, ...(type === undefined ? {} : { type }), ...(key === undefined ? {} : { key }) }
  const { items } = await own.operations.listEvents({ query })
  const lines = items.map((event) =>
    [
      `${event.time}  ${paint.bold(event.type)}  ${printable(event.key)}`,
      paint.dim(`  ${oneLine(JSON.stringify(event.data), width - 2)}`),
    ].join('\n'),
  )
  const text = lines.length === 0 ? 'The log has no such event.' : lines.join('\n')
  return { document: { events: items }, text: `${text}\n`, exitCode: exitCodes.done }
}
