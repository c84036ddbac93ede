// Events that services put aside, over the routes that every service with consumers answers.

import {
  type Client,
  ContractProblem,
  type DeadLetter,
  deadLetterProblems,
  type deadLetterRoutes,
  type LetterReplay,
  type WholeDeadLetter,
} from '@freehold/contracts-base'
import { Problem } from '@freehold/migrations/problem'
import { cliProblems } from '../../cli-problems.ts'
import { exitCodes } from '../../exit-codes.ts'
import { countOf } from '../../render/quantities.ts'
import { oneLine, type Paint, printable } from '../../render/text.ts'
import type { Replayed } from '../documents/service-documents.ts'
import { type FoundPlatform, getPlatform } from '../find-platform.ts'
import type { PlatformCommand, PlatformCommandOptions } from '../platform-command.ts'
import { platformProblems } from '../platform-problems.ts'

interface LettersOptions extends PlatformCommandOptions {
  service?: string
  limit: number
  type?: string
  key?: string
}

interface ReplayOptions extends PlatformCommandOptions {
  service?: string
  topic?: string
}

interface ConsumingService {
  service: string
  client: Client<typeof deadLetterRoutes>
}

function chooseServices({ migrations }: FoundPlatform, name: string | undefined): ConsumingService[] {
  const consuming: ConsumingService[] = [{ service: 'migrations', client: migrations }]
  const chosen = consuming.filter(({ service }) => name === undefined || service === name)
  if (chosen.length === 0) {
    const names = consuming.map(({ service }) => service).join(', ')
    throw new Problem(cliProblems.wrongUse, `${name} consumes no events; those that do: ${names}`)
  }
  return chosen
}

/** Shows the events that services could not apply and those that wait behind them, or one of them with its data. */
export const runDeadLetters: PlatformCommand<LettersOptions> = async (context, options, [letterId]) => {
  const { surroundings, paint, width, signal } = context
  const services = chooseServices(await getPlatform(options, surroundings), options.service)
  if (letterId !== undefined) {
    const found = await findIn(services, letterId, async ({ client }) =>
      client.getDeadLetter({ params: { letterId: requireId(letterId) }, signal }),
    )
    const letter = { service: found.service, ...found.result }
    const text = `${renderLetter(letter, paint, width)}\n${printable(JSON.stringify(letter.data, null, 2))}\n`
    return { document: { deadLetters: [letter] }, text, exitCode: exitCodes.done }
  }
  const { limit, type, key } = options
  const query = { limit, ...(type === undefined ? {} : { type }), ...(key === undefined ? {} : { key }) }
  const lists = await Promise.all(
    services.map(async ({ service, client }) =>
      (await client.listDeadLetters({ query, signal })).items.map((letter) => ({ service, ...letter })),
    ),
  )
  const letters = lists.flat().slice(0, limit)
  const lines = letters.map((letter) => renderLetter(letter, paint, width))
  const text = lines.length === 0 ? 'No event was put aside.' : lines.join('\n')
  return { document: { deadLetters: letters }, text: `${text}\n`, exitCode: exitCodes.done }
}

type ShownLetter = (DeadLetter | WholeDeadLetter) & { service: string }

function renderLetter(
  { letterId, service, putAsideAt, type, key, attempts, error }: ShownLetter,
  paint: Paint,
  width: number,
): string {
  const why = attempts === 0 ? 'waits behind an earlier one' : oneLine(error ?? '', width - 2)
  return [
    `${letterId}  ${paint.red(type)}  ${printable(key)}`,
    paint.dim(`  put aside ${putAsideAt} by ${service} after ${countOf(attempts, 'attempt')}`),
    paint.dim(`  ${why}`),
  ].join('\n')
}

/** Applies dead letters again, those that are named or all of a topic, and what waits behind them. */
export const runReplay: PlatformCommand<ReplayOptions> = async (context, options, letterIds) => {
  const { surroundings, paint, width, signal } = context
  const { topic } = options
  if ((topic === undefined) === (letterIds.length === 0)) {
    throw new Problem(cliProblems.wrongUse, 'name the dead letters to be replayed, or their topic with --topic')
  }
  const ids = letterIds.map(requireId)
  const services = chooseServices(await getPlatform(options, surroundings), options.service)
  const replayed: Replayed = { records: 0, failed: [] }
  if (topic !== undefined) {
    for (const each of services) {
      await replayTopic(each, topic, replayed, signal)
    }
  }
  for (const letterId of ids) {
    await replayOne(services, letterId, replayed, signal)
  }
  const { records, failed } = replayed
  const lines = [
    paint.bold(`${countOf(records, 'event')} applied.`),
    ...failed.map((each) => paint.red(`${each.letterId}  ${oneLine(each.reason, width - 38)}`)),
  ]
  const exitCode = failed.length === 0 ? exitCodes.done : exitCodes.refused
  return { document: replayed, text: `${lines.join('\n')}\n`, exitCode }
}

async function replayTopic(
  { service, client }: ConsumingService,
  topic: string,
  replayed: Replayed,
  signal: AbortSignal,
): Promise<void> {
  let cursor: string | null = null
  do {
    const body = { topic, ...(cursor === null ? {} : { cursor }) }
    const replay: Awaited<ReturnType<typeof client.replayDeadLetters>> = await client.replayDeadLetters({
      body,
      signal,
    })
    replayed.records += replay.records
    replayed.failed.push(...replay.failed.map(({ letterId, error }) => ({ service, letterId, reason: error })))
    cursor = replay.nextCursor
  } while (cursor !== null)
}

/** Replays a letter, and what waits behind it in as many calls as that takes. */
async function replayOne(
  services: ConsumingService[],
  letterId: string,
  replayed: Replayed,
  signal: AbortSignal,
): Promise<void> {
  const replay = async (id: string): Promise<{ service: string; result: LetterReplay }> =>
    await findIn(services, id, ({ client }) => client.replayDeadLetter({ params: { letterId: id }, signal }))
  for (let next: string | undefined = letterId; next !== undefined; ) {
    const { service, result } = await replay(next)
    next = undefined
    if (result.outcome === 'waits') {
      const reason = `waits behind ${result.behindLetterId}, which has to be applied first`
      replayed.failed.push({ service, letterId, reason })
      return
    }
    replayed.records += result.records
    if (result.outcome === 'failed') {
      replayed.failed.push({ service, letterId: result.letterId, reason: result.error })
    } else if (result.outcome === 'interrupted') {
      next = result.letterId
    }
  }
}

/** Returns what the service that has the letter answers; an id does not tell whose it is. */
async function findIn<T>(
  services: ConsumingService[],
  letterId: string,
  ask: (service: ConsumingService) => Promise<T>,
): Promise<{ service: string; result: T }> {
  for (const each of services) {
    try {
      return { service: each.service, result: await ask(each) }
    } catch (error) {
      if (!(error instanceof ContractProblem) || error.code !== deadLetterProblems.letterNotFound.code) {
        throw error
      }
    }
  }
  throw new Problem(platformProblems.letterNotFound, `no service has a dead letter with the id ${letterId}`)
}

function requireId(text: string): string {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new Problem(cliProblems.wrongUse, `${JSON.stringify(text)} is no id; freehold events dead-letters shows them`)
  }
  return text
}
