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
  deadLetters?: boolean
}

/** Shows the latest events of the log, or those that could not be applied. */
export const runEvents: PlatformCommand<EventsOptions> = async ({ surroundings, paint, width }, options) => {
  const { own } = await getPlatform(options, surroundings)
  if (own === undefined) {
    throw new Problem(platformProblems.notOwn, 'the events of a platform elsewhere are in its broker')
  }
  const { limit, type, key } = options
  if (options.deadLetters === true) {
    const { items } = await own.operations.listDeadLetters({ query: { limit } })
    const lines = items.map((letter) =>
      [
        `${letter.putAsideAt}  ${paint.red(letter.type)}  ${printable(letter.key)}  for ${letter.group}`,
        paint.dim(
          `  ${letter.attempts === 0 ? 'waits behind an earlier one' : oneLine(letter.error ?? '', width - 2)}`,
        ),
      ].join('\n'),
    )
    return {
      document: { deadLetters: items },
      text: toText(lines, 'No event was put aside.'),
      exitCode: exitCodes.done,
    }
  }
  const query = { limit, ...(type === undefined ? {} : { type }), ...(key === undefined ? {} : { key }) }
  const { items } = await own.operations.listEvents({ query })
  const lines = items.map((event) =>
    [
      `${event.time}  ${paint.bold(event.type)}  ${printable(event.key)}`,
      paint.dim(`  ${oneLine(JSON.stringify(event.data), width - 2)}`),
    ].join('\n'),
  )
  return { document: { events: items }, text: toText(lines, 'The log has no such event.'), exitCode: exitCodes.done }
}

function toText(lines: string[], none: string): string {
  return `${lines.length === 0 ? none : lines.join('\n')}\n`
}
